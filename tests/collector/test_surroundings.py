"""What surrounds an event is kept and understood: visits, apps, pages, and the context that was sent with it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.collector import accept, pipeline
from apps.collector.envelope import Envelope
from apps.collector.payload import Way
from apps.collector.wire import Message
from apps.events import sources
from apps.events.models import Event, RefusedEvent, Source
from apps.profiles.models import Profile
from apps.segments import counting, language
from apps.sessions.models import Session
from tests.factories import CHROME, ComplianceRuleFactory, SourceFactory

SHOP = "https://shop.example"


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory()


@pytest.fixture
def tell(client: APIClient, source: Source) -> Any:
    """Send a message of an SDK, or a batch of them, and let it be processed."""

    def tell(call: str, message: dict[str, Any]) -> None:
        body = {"writeKey": source.write_key, **message}
        assert client.post(f"/v1/{call}", json.dumps(body), content_type="application/json").status_code == 200
        accept.ingest(1_000, at=datetime.now(UTC))

    return tell


# Minutes after midnight: three visits of a person, the second of them with an end of its own.
VISITED = [("page-view", 0), ("page-view", 25), ("page-view", 240), ("visit-ended", 245), ("page-view", 250)]
DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)


def at(minutes: int) -> str:
    return (DAY + timedelta(minutes=minutes)).isoformat()


@pytest.mark.parametrize("sizes", [[5], [1, 1, 1, 1, 1], [2, 3], [3, 2], [4, 1]])
def test_there_are_as_many_visits_however_a_sender_packs_events(
    client: APIClient, source: Source, sizes: list[int]
) -> None:
    waiting = [{"type": type_, "time": {"create": at(minutes)}} for type_, minutes in VISITED]
    for size in sizes:
        packed, waiting = waiting[:size], waiting[size:]
        body = {"source": {"id": str(source.id)}, "session": {"id": "v1"}, "events": packed}
        assert client.post("/track", body, format="json").status_code == 200

    session = Session.objects.get()
    begun = Event.objects.filter(type="visit-started").order_by("time")
    assert session.visit_count == Profile.objects.get().visit_count == 3
    assert [(event.time - DAY) for event in begun] == [
        timedelta(minutes=minutes, seconds=-1) for minutes in (0, 240, 250)
    ]
    assert Event.objects.filter(type="session-opened").count() == 1


@pytest.mark.parametrize("order", [[0, 10, 300, 310, 600], [600, 310, 300, 10, 0], [300, 0, 600, 310, 10]])
@pytest.mark.parametrize("is_one_request", [True, False])
def test_an_app_that_was_offline_had_the_visits_that_it_had(tell: Any, order: list[int], is_one_request: bool) -> None:
    messages = [
        {"type": "screen", "anonymousId": "a1", "name": "Home", "timestamp": at(minutes), "messageId": f"m{minutes}"}
        for minutes in order
    ]

    for batch in [messages] if is_one_request else [[message] for message in messages]:
        tell("batch", {"batch": batch})

    assert Profile.objects.get().visit_count == Event.objects.filter(type="visit-started").count() == 3
    assert sum(Session.objects.values_list("visit_count", flat=True)) == 3


def test_a_session_of_an_app_has_its_system_its_name_and_its_screens(tell: Any) -> None:
    context = {
        "os": {"name": "Android", "version": "14"},
        "app": {"name": "Shop", "version": "3.1"},
        "device": {"type": "Android", "model": "Pixel 8"},
        "locale": "de_DE",
        "timezone": "GMT+8",
        "location": {"country": "Germany"},
    }

    for name in ("Home", "Basket"):
        tell("screen", {"anonymousId": "a1", "name": name, "context": context})

    session, profile = Session.objects.get(), Profile.objects.get()
    assert (session.os, session.app) == ({"name": "Android", "version": "14"}, {"name": "Shop", "version": "3.1"})
    assert (session.device, session.page_count) == ({"model": "Pixel 8", "type": "mobile"}, 2)
    assert (session.language, session.country) == ("de-DE", "DE")
    assert (profile.country, profile.aux) == ("DE", {"geo": {"time_zone": "GMT+8"}, "languages": ["de"]})


def test_a_page_may_have_its_address_in_its_properties(tell: Any, client: APIClient, source: Source) -> None:
    page = {"url": f"{SHOP}/?utm_source=news", "referrer": "https://search.example/", "title": "Shop", "path": "/"}
    tell("page", {"anonymousId": "a1", "properties": page})
    body = {"source": {"id": str(source.id)}, "session": {"id": "v1"}}
    assert client.post("/track", {**body, "events": [{"type": "page-view", "properties": page}]}, format="json").json()

    for session in Session.objects.all():
        assert (session.entry_page, session.exit_page, session.page_count) == (page["url"], page["url"], 1)
        assert (session.utm, session.referrer) == ({"source": "news"}, "https://search.example/")


SURROUNDINGS = {
    "app": {"name": "Shop", "version": "1.2"},
    "groupId": "g1",
    "device": {"id": "d1", "token": "t"},
    "traits": {"plan": "pro"},
    "own": {"k": [1, None, {"x": "y"}]},
    "library": {"name": "l", "version": "1"},
    "campaign": {"name": "spring"},
    "page": {"url": SHOP, "title": "Shop"},
    "referrer": {"type": "ad"},
}


@pytest.mark.parametrize("who", [{"userId": "u1"}, {"anonymousId": "a1"}])
def test_what_was_sent_with_an_event_can_be_asked_of_it(tell: Any, who: dict[str, str]) -> None:
    device = {"locale": "de-DE", "screen": {"width": 1}}

    tell("track", {**who, "event": "x", "context": {**SURROUNDINGS, **device, "userAgent": CHROME, "ip": "192.0.2.1"}})
    tell("track", {**who, "event": "y", "context": {**SURROUNDINGS, "app": {"version": "2.0"}}})

    events = {event.type: event.context for event in Event.objects.filter(type__in=("x", "y"))}
    # What does not change from event to event is with the session, where there is one.
    own = {} if Session.objects.exists() else device
    assert events == {"x": {**SURROUNDINGS, **own}, "y": {**SURROUNDINGS, "app": {"version": "2.0"}}}
    assert Profile.objects.get().traits == {}  # they are of `identify` alone


def test_what_was_said_of_all_events_of_a_payload_is_with_each_if_no_session_keeps_it(
    client: APIClient, source: Source
) -> None:
    body = {
        "source": {"id": str(source.id)},
        "context": {"page": {"url": SHOP}, "till": 7, "clerk": "bo"},
        "events": [{"type": "x", "context": {"clerk": "ada"}}, {"type": "y"}],
    }

    assert client.post("/track", body, format="json").status_code == 200

    events = {event.type: event.context for event in Event.objects.filter(type__in=("x", "y"))}
    assert events == {"x": {**body["context"], "clerk": "ada"}, "y": body["context"]}


def test_what_may_not_be_kept_does_not_come_in_by_the_context(tell: Any) -> None:
    ComplianceRuleFactory(field="event@properties.email")

    tell("track", {"userId": "u1", "event": "x", "context": {"traits": {"email": "a@b.example", "plan": "pro"}}})
    tell("page", {"userId": "u1", "context": {"page": {"url": "https://anna:secret@shop.example/"}}})

    assert Event.objects.get(type="x").context == {"traits": {"plan": "pro"}}
    assert Event.objects.get(type="page-view").context["page"] == {"url": "https://shop.example/"}


@pytest.mark.parametrize("address", ["https://anna:secret@x.example/", " https://anna:secret@x.example/"])
def test_no_password_in_an_address_is_kept_whichever_field_holds_it(tell: Any, address: str) -> None:
    page = {"path": address, "referring_url": address, "referer": {"host": address, "url": address}}
    context = {"page": page, "referrer": {"link": address, "url": address}, "campaign": {"source": address}}
    said = {
        "userId": "u1",
        "anonymousId": "d1",
        "context": {**context, "sessionId": 7},
        "properties": {"path": address},
    }

    tell("batch", {"batch": [{"type": "page", **said}, {"type": "page", **said, "messageId": []}]})

    rows = [*Event.objects.values(), *Session.objects.values(), *Profile.objects.values()]
    assert "secret" not in f"{rows} {RefusedEvent.objects.get().payload}"


@pytest.mark.parametrize("birthday", ["1990-05-01T00:00:00+02:00", "1990-05-01", "19900501", 641520000, "641520000000"])
def test_a_birthday_is_the_day_that_was_written(tell: Any, birthday: Any) -> None:
    tell("identify", {"userId": "u1", "traits": {"birthday": birthday}})

    profile = Profile.objects.get()
    assert profile.data["pii"]["birthday"] == "1990-05-01"
    assert profile.traits["birthday"] == birthday
    for now, days in [(datetime(2027, 5, 1, 12, tzinfo=UTC), 0), (datetime(2027, 4, 30, 23, 59, tzinfo=UTC), 1)]:
        condition = language.parse(f"days_to_anniversary(profile@data.pii.birthday) = {days}")
        assert counting.count(condition, now=now).value == 1


@pytest.mark.parametrize("email", ["anna@shop.example", {"main": "anna@shop.example"}])
def test_who_signs_up_with_a_plain_address_is_known_by_it(client: APIClient, source: Source, email: Any) -> None:
    for session in ("v1", "v2"):
        event = {"type": "sign-up", "properties": {"email": email, "firstname": "Anna"}}
        body = {"source": {"id": str(source.id)}, "session": {"id": session}, "events": [event]}
        assert client.post("/track", body, format="json").json()["warnings"] == []

    assert (Profile.objects.get().email, Profile.objects.get().name) == ("anna@shop.example", "Anna")


def test_traits_of_a_person_may_stand_in_two_places_of_one_message(tell: Any) -> None:
    tell("identify", {"userId": "u1", "traits": {"plan": "pro"}, "context": {"traits": {"plan": "free", "age": 36}}})

    assert Profile.objects.get().traits == {"plan": "pro", "age": 36}


def test_a_number_is_dialled_with_two_zeros_as_well_as_with_a_plus(tell: Any) -> None:
    for user, phone in (("u1", "+49 30 901820"), ("u2", "0049 30 901820"), ("u3", "(0049) 30-901820")):
        tell("identify", {"anonymousId": f"device-of-{user}", "traits": {"phone": phone}})

    assert Profile.objects.count() == 1


def test_a_clock_of_ours_that_was_ahead_for_a_moment_holds_nobody_back(source: Source) -> None:
    found = sources.find(str(source.id))
    assert found
    start = datetime.now(UTC)
    for hours in (0, 1, 400 * 24, 2, 3):
        body = {"session": {"id": "v1"}, "events": [{"type": "page-view", "properties": {"hours": hours}}]}
        now = start + timedelta(hours=hours)
        # By our own clock requests arrive, and are processed.
        payloads = Message("track", json.dumps(body).encode(), Envelope(found, now)).parse().payloads
        pipeline.process(payloads, now=now, way=Way.NOW)

    session, profile = Session.objects.get(), Profile.objects.get()
    assert session.visit_count == profile.visit_count == 5
    assert session.last_seen_at == profile.last_seen_at == profile.visit_started_at == start + timedelta(hours=3)
    assert profile.event_count == Event.objects.count()


LONG = "x" * 5_000
CONTEXTS = {
    "device": {"name": LONG, "brand": LONG, "model": LONG, "type": LONG},
    "os": {"name": LONG, "version": LONG},
    "app": {"name": LONG, "version": LONG},
    "screen": {"local": {"width": LONG, "height": LONG, "colorDepth": LONG, "orientation": LONG}},
    "browser": {"local": {"browser": {"language": LONG, "userAgent": LONG}}},
    "location": {"city": "Berlin", "own": LONG},
    "utm": {"source": LONG, "medium": LONG, "campaign": LONG, "term": LONG, "content": LONG},
    "page": {"url": f"{SHOP}/{LONG}", "referrer": f"{SHOP}/{LONG}"},
    "time": {"tz": LONG},
}


def test_what_is_made_of_a_context_is_short_and_the_sender_is_told_what_was_left_out(
    client: APIClient, source: Source, settings: Any
) -> None:
    settings.MAX_SESSION_BYTES = 20_000
    body = {"source": {"id": str(source.id)}, "session": {"id": "v1"}, "events": [{"type": "page-view"}]}

    answer = client.post("/track", {**body, "context": CONTEXTS}, format="json")

    session, person = Session.objects.get(), Profile.objects.get()
    assert session.os == {"name": LONG[:1_000], "version": LONG[:1_000]}
    assert (len(session.utm["term"]), len(session.entry_page), len(session.referrer)) == (1_000, 4_000, 4_000)
    assert session.geo == person.data["devices"]["last"]["geo"] == {"city": "Berlin"}
    made = [session.device, session.app, person.aux, session.geo, session.utm]
    assert len(json.dumps(made)) < 20_000
    left_out = set(CONTEXTS) - set(session.context)
    told = {warning["field"]: warning["message"] for warning in answer.json()["warnings"]}
    assert left_out
    assert set(told) == {f"events.0.session.context.{name}" for name in left_out}
    assert all("cut to 1000 characters" in message for message in told.values())


def test_a_fact_of_a_person_is_short_and_the_sender_is_told(client: APIClient, source: Source) -> None:
    event = {
        "type": "sign-up",
        "properties": {"firstname": LONG, "lastname": "Bauer", "email": {"main": "a@b.example"}},
    }
    body = {"source": {"id": str(source.id)}, "session": {"id": "v1"}, "events": [event]}

    answer = client.post("/track", body, format="json")

    [told] = [each for each in answer.json()["warnings"] if "firstname" in each["field"]]
    assert (told["field"], told["message"]) == ("events.0.properties.firstname", "It is longer than 2000 characters.")
    assert Profile.objects.get().data["pii"] == {"lastname": "Bauer"}
