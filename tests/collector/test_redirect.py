"""What somebody who clicks a tracked link may rely on."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from rest_framework.test import APIClient

from apps.collector import accept
from apps.core.snapshot import Snapshot
from apps.events import links
from apps.events.models import Event, InboxItem
from tests.factories import CHROME, RedirectFactory, SessionFactory


@pytest.fixture(autouse=True)
def person(client: APIClient) -> None:
    client.credentials(HTTP_USER_AGENT=CHROME)


def ingest() -> None:
    accept.ingest(100, at=datetime.now(UTC))


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_a_click_goes_on_and_is_recorded(client: APIClient, method: str) -> None:
    link = RedirectFactory(properties={"campaign": "spring"}, event_type="banner-clicked")

    answer = getattr(client, method)(f"/redirect/{link.id}?to=https://evil.example")
    ingest()

    assert (answer.status_code, answer["Location"]) == (302, link.url)
    event = Event.objects.get()
    assert (event.type, event.profile_id) == ("banner-clicked", None)
    assert event.properties == {"campaign": "spring", "url": link.url, "params": {"to": "https://evil.example"}}


def test_a_click_belongs_to_the_session_in_the_address_or_the_cookie(client: APIClient) -> None:
    link, session = RedirectFactory(), SessionFactory()

    client.get(f"/redirect/{link.id}/{session.id}")
    client.cookies["tracardi-session-id"] = str(session.id)
    client.get(f"/redirect/{link.id}")
    ingest()

    clicks = Event.objects.filter(type="link-clicked")
    assert [click.profile_id for click in clicks] == [session.profile_id] * 2


def test_an_unknown_or_disabled_link_is_not_found(client: APIClient) -> None:
    disabled = RedirectFactory(is_enabled=False)

    assert client.get(f"/redirect/{uuid4()}").status_code == 404
    assert client.get(f"/redirect/{disabled.id}").status_code == 404


def test_a_click_works_while_the_database_is_away(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    link = RedirectFactory()
    links.find(link.id)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(accept, "later", fail)
    answer = client.get(f"/redirect/{link.id}")

    assert (answer.status_code, answer["Location"]) == (302, link.url)


TAILS = ["/a%00b", "/" + "x" * 600, "/a%2Fb", "/x/y", "//x", "//", "/", "/%0A", "/é"]


@pytest.mark.parametrize("write", [str, lambda id: str(id).upper(), lambda id: id.hex])
def test_the_id_of_a_link_is_read_in_any_spelling(client: APIClient, write: Any) -> None:
    link, session = RedirectFactory(), SessionFactory()

    assert client.get(f"/redirect/{write(link.id)}/{session.id}/")["Location"] == link.url
    ingest()

    assert Event.objects.get(type="link-clicked").profile_id == session.profile_id


@pytest.mark.parametrize("query", ["?a=%00", "?a=%ff", "?" + "a=1&" * 1001, *TAILS])
def test_an_odd_address_does_not_fail_the_click(client: APIClient, query: str) -> None:
    link = RedirectFactory()

    assert client.get(f"/redirect/{link.id}{query}").status_code == 302


def test_a_mistake_of_ours_does_not_fail_the_click(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(accept, "later", fail)

    assert client.get(f"/redirect/{RedirectFactory().id}").status_code == 302


def test_asking_where_a_link_goes_is_no_click(client: APIClient) -> None:
    link = RedirectFactory()

    answer = client.options(f"/redirect/{link.id}")

    assert (answer.status_code, answer["Location"]) == (302, link.url)
    assert not InboxItem.objects.exists()


def test_who_wants_no_more_than_the_head_is_marked(client: APIClient) -> None:
    link = RedirectFactory()

    answer = client.head(f"/redirect/{link.id}")
    ingest()

    assert (answer.status_code, answer["Location"]) == (302, link.url)
    assert Event.objects.get().properties["suspicion"] == "head"


def test_a_link_that_cannot_be_looked_up_asks_for_patience(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(links, "current", Snapshot(fail, of=(), refresh_secs=5))

    assert client.get(f"/redirect/{uuid4()}").status_code == 503


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://host/file"])
def test_only_web_pages_can_be_linked_to(url: str) -> None:
    with pytest.raises(ValidationError):
        RedirectFactory.build(url=url).clean()
