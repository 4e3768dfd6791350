"""People told from programs that open what people were sent: what these do is kept, and marked."""

import json
import socket
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps import conditions
from apps.collector import accept, bursts
from apps.collector.bursts import N_LINKS
from apps.events.models import Event, InboxItem, RefusalCount, Source
from apps.events.store import noticed
from apps.sessions.scanners import suspicion
from tests.factories import CHROME, GOOGLEBOT, RedirectFactory, SessionFactory, SourceFactory

GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"
PROGRAMS = [
    ({"HTTP_USER_AGENT": ""}, "nameless"),
    ({"HTTP_USER_AGENT": "Mozilla/5.0"}, "mail-privacy"),
    ({"HTTP_USER_AGENT": GOOGLEBOT}, "robot"),
    ({"HTTP_USER_AGENT": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"}, "scanner"),
    ({"HTTP_USER_AGENT": "WhatsApp/2.23.20.0"}, "scanner"),
    ({"HTTP_USER_AGENT": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, "scanner"),
    ({"HTTP_USER_AGENT": "BarracudaCentral"}, "scanner"),
    ({"HTTP_USER_AGENT": "python-requests/2.32"}, "scanner"),
    ({"HTTP_USER_AGENT": CHROME, "HTTP_SEC_PURPOSE": "prefetch;prerender"}, "prefetch"),
    ({"HTTP_USER_AGENT": CHROME, "HTTP_PURPOSE": "prefetch"}, "prefetch"),
    ({"HTTP_USER_AGENT": CHROME, "HTTP_X_MOZ": "prefetch"}, "prefetch"),
    ({"HTTP_USER_AGENT": IPHONE, "HTTP_X_PURPOSE": "preview"}, "prefetch"),
]


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory(kind=Source.Kind.REDIRECT)


def stored() -> list[Event]:
    accept.ingest(100, at=datetime.now(UTC))
    return list(Event.objects.filter(type__in=("link-clicked", "message-opened", "mail-opened")).order_by("id"))


def marks(event: Event) -> Any:
    return event.properties.get("is_suspected_bot"), event.properties.get("suspicion")


# --- Clicks ---


@pytest.mark.parametrize(("meta", "why"), PROGRAMS)
def test_a_click_of_a_program_goes_on_and_is_kept_and_marked(client: APIClient, meta: dict[str, str], why: str) -> None:
    link, session = RedirectFactory(), SessionFactory()

    answer = client.get(f"/redirect/{link.id}/{session.id}", **meta)

    assert answer.status_code == 302
    [event] = stored()
    assert (marks(event), event.profile_id) == ((True, why), session.profile_id)


@pytest.mark.parametrize("agent", [CHROME, IPHONE, GMAIL, OUTLOOK])
def test_a_click_of_a_person_is_not(client: APIClient, agent: str) -> None:
    client.get(f"/redirect/{RedirectFactory().id}", HTTP_USER_AGENT=agent)

    assert [marks(event) for event in stored()] == [(None, None)]


@pytest.mark.parametrize("agent", ["My Etude/1.0", "Mozilla/5.0 (X11) Cassette/2", "Mozilla/5.0 (Evade)"])
def test_a_name_within_a_word_is_nobodys(agent: str) -> None:
    assert suspicion(agent) == ""


def test_conditions_leave_them_out(client: APIClient) -> None:
    link = RedirectFactory()
    for agent in (CHROME, GOOGLEBOT):
        client.get(f"/redirect/{link.id}", HTTP_USER_AGENT=agent)

    people = conditions.parse("event@properties.is_suspected_bot != TRUE")
    now = datetime.now(UTC)
    told = [conditions.matches(people, {"event": {"properties": each.properties}}, now=now) for each in stored()]
    assert told == [True, False]


def test_who_opens_all_links_of_a_mail_at_once_has_read_none(client: APIClient) -> None:
    links, session = [RedirectFactory() for _ in range(N_LINKS + 1)], uuid4()

    for link in links:
        client.get(f"/redirect/{link.id}/{session}", HTTP_USER_AGENT=CHROME)

    assert [marks(event)[1] for event in stored()] == [None] * (N_LINKS - 1) + ["burst"] * 2


def test_one_link_again_and_again_is_no_burst_nor_are_others_links(client: APIClient) -> None:
    link, session = RedirectFactory(passes_parameters=True), SessionFactory()
    for n in range(N_LINKS + 1):
        client.get(f"/redirect/{link.id}/{session.id}?n={n}", HTTP_USER_AGENT=CHROME)
    for n in range(N_LINKS + 1):
        client.get(f"/redirect/{RedirectFactory().id}", HTTP_USER_AGENT=CHROME, REMOTE_ADDR=f"203.0.113.{n}")

    assert {marks(event) for event in stored()} == {(None, None)}


def test_a_click_works_while_nobody_can_count(
    client: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        monkeypatch.setattr(bursts, "_store", bursts._Store())
        for _ in range(N_LINKS + 1):
            assert client.get(f"/redirect/{RedirectFactory().id}", HTTP_USER_AGENT=CHROME).status_code == 302

    assert {marks(event) for event in stored()} == {(None, None)}


# --- Pictures ---


def test_a_picture_tells_that_a_mail_was_opened(client: APIClient, source: Source) -> None:
    session = SessionFactory()

    answer = client.get(f"/pixel/{source.write_key}/{session.id}.gif?campaign=spring", HTTP_USER_AGENT=GMAIL)

    assert (answer.status_code, answer["Content-Type"], answer.content[:6]) == (200, "image/gif", b"GIF89a")
    assert answer["Cache-Control"] == "no-store, private"
    [event] = stored()
    assert (event.type, event.profile_id) == ("message-opened", session.profile_id)
    assert event.properties == {"campaign": "spring"}


def test_a_picture_has_a_type_and_the_session_of_the_cookie(client: APIClient, source: Source) -> None:
    session = SessionFactory()
    client.cookies["tracardi-session-id"] = str(session.id)

    client.get(f"/pixel/{source.id}.gif?type=Mail%20Opened", HTTP_USER_AGENT=CHROME)

    [event] = stored()
    assert (event.type, event.profile_id, event.properties) == ("mail-opened", session.profile_id, {})


@pytest.mark.parametrize(("meta", "why"), PROGRAMS)
def test_a_picture_that_a_program_fetched_is_marked_and_takes_no_id(
    client: APIClient, source: Source, meta: dict[str, str], why: str
) -> None:
    for agent in (meta, meta, {"HTTP_USER_AGENT": CHROME}, {"HTTP_USER_AGENT": CHROME}):
        client.get(f"/pixel/{source.write_key}.gif?id=mail-7", **agent)

    assert [marks(event) for event in stored()] == [(True, why), (None, None)]
    assert [event.properties["id"] for event in stored()] == ["mail-7"] * 2


def test_whatever_is_wrong_a_picture_comes_and_what_is_wrong_is_counted(client: APIClient, source: Source) -> None:
    shop = SourceFactory()
    off = SourceFactory(kind=Source.Kind.REDIRECT, is_enabled=False)

    for address in ("nobody", shop.write_key, off.write_key):
        assert client.get(f"/pixel/{address}.gif").content[:6] == b"GIF89a"
    assert client.post(f"/pixel/{source.write_key}.gif").content[:6] == b"GIF89a"

    noticed.flush()
    assert set(RefusalCount.objects.values_list("code", flat=True)) == {
        "unknown_source",
        "wrong_kind",
        "disabled_source",
    }
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize("query", ["?a=%00", "?a=%ff", "?" + "a=1&" * 1001, "?type=&id=", "?type=a&type=b&id=1&id=2"])
def test_odd_parameters_do_not_lose_an_opening(client: APIClient, source: Source, query: str) -> None:
    client.get(f"/pixel/{source.write_key}.gif{query}", HTTP_USER_AGENT=CHROME)

    assert [event.type for event in stored()] == ["message-opened"]


def test_a_picture_comes_while_nothing_can_be_stored(
    client: APIClient, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(accept, "later", fail)

    assert client.get(f"/pixel/{source.write_key}.gif").content[:6] == b"GIF89a"


@pytest.mark.parametrize(
    ("agent", "expected"), [(CHROME, [(None, None)]), (GOOGLEBOT, [(True, "robot"), (None, None)])]
)
def test_pictures_of_the_sdk_are_marked_alike(client: APIClient, agent: str, expected: list[Any]) -> None:
    message = {"writeKey": SourceFactory().write_key, "userId": "u1", "event": "Mail Opened", "messageId": "m1"}
    data = b64encode(json.dumps(message).encode()).decode()

    for each in (agent, CHROME):
        client.get("/v1/pixel/track", {"data": data}, HTTP_USER_AGENT=each)

    assert [marks(event) for event in stored()] == expected
