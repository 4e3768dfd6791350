"""What clients say of themselves, however oddly."""

from typing import Any

import pytest

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.collector.stages import enrich as stage
from apps.collector.stages.enrich import enrich
from tests.factories import CHROME, GOOGLEBOT, NOON, ProfileFactory, SessionFactory, payload

OSLO = {"country": {"code": "no"}, "city": "Oslo"}


def enriched(**values: Any) -> Payload:
    event = PayloadEvent(type="page-view", time=NOON, context=values.pop("event_context", {}))
    new = {"session": SessionFactory.build(), "profile": ProfileFactory.build(), "is_new_session": True}
    found = payload(event, **{**new, **values})
    enrich(Batch([found], NOON))
    return found


@pytest.mark.parametrize(
    ("context", "device"),
    [
        ({}, {"type": "pc"}),
        ({"device": {"name": "Pixel", "brand": "Google", "type": "mobile", "other": 1}}, None),
        ({"screen": {"local": {"width": 1920, "height": 1080, "colorDepth": 24}}}, None),
        ({"screen": {"local": {"width": 1920}}}, {"type": "pc"}),
        ({"screen": [], "device": "phone", "browser": 5}, {"type": "pc"}),
    ],
)
def test_a_new_session_describes_its_device(context: dict[str, Any], device: dict[str, Any] | None) -> None:
    session = enriched(context=context, user_agent=CHROME).session

    assert session is not None
    expected = device or {
        "type": context.get("device", {}).get("type", "pc"),
        **({"name": "Pixel", "brand": "Google"} if "device" in context else {}),
        **({"resolution": "1920x1080", "color_depth": 24} if "screen" in context else {}),
    }
    assert session.device == expected
    assert (session.os["name"], session.app["name"], session.is_bot) == ("Windows", "Chrome", False)


def test_a_known_session_keeps_its_device() -> None:
    session = enriched(user_agent=CHROME, is_new_session=False).session

    assert session is not None
    assert (session.device, session.os, session.app) == ({}, {}, {})


def test_robots_are_marked() -> None:
    session = enriched(user_agent=GOOGLEBOT).session

    assert session is not None
    assert session.is_bot


@pytest.mark.parametrize(
    ("context", "accept_language", "language"),
    [
        ({"browser": {"local": {"browser": {"language": "nb-NO"}}}}, "de", "nb-NO"),
        ({"locale": "de-AT"}, "de", "de-AT"),
        ({"locale": "de_AT"}, "de_AT", "de-AT"),
        ({"locale": "C"}, "de", "de"),
        ({}, "de-AT,en", "de"),
        ({"locale": 7}, "", ""),
        ({}, "", ""),
    ],
)
def test_the_language_is_the_clients_or_else_the_one_it_asks_for(
    context: dict[str, Any], accept_language: str, language: str
) -> None:
    found = enriched(context=context, accept_language=accept_language)

    assert found.session is not None
    assert found.session.language == language


@pytest.mark.parametrize(
    ("context", "aux"),
    [
        ({"time": {"tz": "Europe/Oslo"}}, {"time_zone": "Europe/Oslo", "continent": "Europe"}),
        ({"timezone": "America/New_York"}, {"time_zone": "America/New_York", "continent": "America"}),
        ({"time": {"tz": "UTC"}}, {"time_zone": "UTC"}),
        ({"time": {"tz": "Etc/GMT+1"}}, {"time_zone": "Etc/GMT+1"}),
        ({"timezone": "GMT+8"}, {"time_zone": "GMT+8"}),
        ({"timezone": "US/Pacific"}, {"time_zone": "US/Pacific", "continent": "America"}),
        ({"time": {"tz": 5}}, None),
        ({"time": None}, None),
    ],
)
def test_the_time_zone_tells_the_continent(context: dict[str, Any], aux: dict[str, Any] | None) -> None:
    profile = enriched(context=context).profile

    assert profile is not None
    assert profile.aux.get("geo") == aux


def test_where_a_campaign_and_a_page_are_first_seen_they_stay() -> None:
    session = SessionFactory.build()
    pages = [{"page": {"url": f"/?utm_source={name}", "referrer": f"https://{name}.example/"}} for name in ("a", "b")]

    for page in pages:
        enriched(session=session, event_context=page)

    assert (session.utm, session.referrer) == ({"source": "a"}, "https://a.example/")


def test_the_place_is_the_clients_or_else_that_of_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "locate", lambda ip: {"country": {"code": "SE"}} if ip else {})

    said, found, unknown = enriched(context={"location": OSLO}, ip="x"), enriched(ip="x"), enriched()

    assert [each.session and each.session.country for each in (said, found, unknown)] == ["NO", "SE", ""]
    assert [each.profile and each.profile.country for each in (said, found, unknown)] == ["NO", "SE", ""]


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ({"country": "United States"}, "US"),
        ({"country": {"code": "Germany"}}, "DE"),
        ({"country": {"code": "xx", "name": "Norway"}}, "NO"),
        ({"country": "nowhere"}, ""),
        ({"country": 5}, ""),
    ],
)
def test_a_country_is_a_code_or_nothing(location: dict[str, Any], code: str) -> None:
    found = enriched(context={"location": location})

    assert (found.session and found.session.country, found.profile and found.profile.country) == (code, code)


def test_no_password_in_an_address_is_kept() -> None:
    page = {"url": "https://user:secret@shop.example/", "referrer": "https://user:secret@x.example/"}

    found = enriched(context={"page": page}, event_context={"page": page})

    assert found.session is not None
    assert found.session.referrer == "https://x.example/"
    assert "secret" not in f"{found.session.context} {found.events[0].context}"


def test_what_a_profile_learns_of_its_place_changes_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = {"country": {"code": "NO"}, "latitude": 60}
    monkeypatch.setattr(stage, "locate", lambda ip: remembered)
    found = enriched(ip="x")
    assert found.profile is not None
    assert found.session is not None

    found.profile.data["devices"]["last"]["geo"]["country"]["code"] = "SE"
    found.profile.data["devices"]["last"]["geo"]["latitude"] = 59.9139

    assert remembered == found.session.geo == {"country": {"code": "NO"}, "latitude": 60}


def test_events_without_session_tell_of_their_person_all_the_same() -> None:
    profile = enriched(session=None, is_new_session=False, context={"location": OSLO}, accept_language="de").profile

    assert profile is not None
    assert (profile.country, profile.aux["languages"]) == ("NO", ["de"])
