"""What is kept of what was refused: as it was sent, but for what must not be kept."""

import json
from typing import Any

import pytest

from apps.collector.envelope import Envelope
from apps.collector.refused import MAX_CUT, MAX_WHOLE, printable, rows_of
from apps.collector.wire import Message
from apps.core.refusal import Refusal
from tests.factories import NOON, ComplianceRuleFactory, policy

pytestmark = pytest.mark.django_db


def refused(body: dict[str, Any], dialect: str = "track", call: str = "", **source: Any) -> list[Any]:
    """Refuse each event of a body, and return what is kept of each."""
    envelope = Envelope(policy(**source), NOON, call=call, user_agent="A phone", ip="203.0.113.7", key="the-key")
    parsed = Message(dialect, json.dumps(body).encode(), envelope).read().parsed
    for payload in parsed.payloads:
        for event in payload.events:
            event.refusal = event.refusal or Refusal("code", "Message.", payload.place(event), event.index)
    return rows_of(parsed.payloads)


def payloads(*args: Any, **values: Any) -> list[Any]:
    return [json.loads(row.payload) if row.payload else "" for row in refused(*args, **values)]


def test_each_event_is_kept_in_its_request_with_all_that_surrounds_it() -> None:
    events = [{"id": "e1", "time": "soon", "own": [1]}, {"type": "page-view", "properties": {"a": "\x00"}}]
    shell = {"source": {"id": "x"}, "session": {"id": "s"}, "context": {"n": 1}}

    rows = refused({**shell, "events": events})

    assert [json.loads(row.payload) for row in rows] == [{**shell, "events": [event]} for event in events]
    assert rows[0].envelope == {"user_agent": "A phone", "ip": "203.0.113.7", "key": "the-key"}
    assert rows[0].dialect == "track"


@pytest.mark.parametrize(
    ("call", "body", "kept"),
    [
        ("batch", {"batch": [{"type": "page"}], "sentAt": "x"}, {"batch": [{"type": "page"}], "sentAt": "x"}),
        ("track", {"messageId": "m1", "timestamp": 5}, {"messageId": "m1", "timestamp": 5, "type": "track"}),
    ],
)
def test_messages_of_sdks_are_kept_as_they_came(call: str, body: dict[str, Any], kept: Any) -> None:
    assert payloads(body, "sdk", call) == [kept]


CARD = {"number": "4111111111111111", "cvv": "737"}


@pytest.mark.parametrize(
    ("body", "dialect", "call"),
    [
        ({"events": [{"type": "payment-info-entered", "properties": {"credit_card": CARD}}]}, "track", ""),
        ({"events": [{"typ": "payment-info-entered", "properties": {"credit_card": CARD}}]}, "track", ""),
        ({"batch": [{"type": "track", "event": "x", "properties": {"credit_card": CARD}}]}, "sdk", "batch"),
        ({"type": "identify", "traits": {"credit_card": CARD}}, "sdk", "identify"),
        ({"credit_card": CARD}, "webhook", "payment-info-entered"),
    ],
)
def test_card_numbers_are_not_kept_even_if_refused(body: dict[str, Any], dialect: str, call: str) -> None:
    [row] = refused(body, dialect, call)

    assert row.payload
    assert "411111" not in row.payload
    assert "737" not in row.payload


def test_no_field_is_kept_for_which_nobody_has_asked_yet() -> None:
    ComplianceRuleFactory(field="event@properties.email")
    event = {"type": "page-view", "properties": {"n": 1, "email": "a@example.com"}}

    assert payloads({"events": [event]}) == [{"events": [{"type": "page-view", "properties": {"n": 1}}]}]


def test_content_is_not_kept_where_keeping_it_takes_consent() -> None:
    [row] = refused({"events": [{"type": "a"}]}, required_consents=["marketing"])

    assert (row.payload, row.envelope, row.keys) == ("", {}, [])


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"a": 1}, '{"a":1}'),
        ({"a": "\x00"}, '{"a":"\\u0000"}'),
        ({"ä": "\ud800"}, '{"ä":"\\ud800"}'),
        ({"a": 10**30}, f'{{"a":{10**30}}}'),
    ],
)
def test_what_cannot_be_stored_can_be_looked_at_and_read_again(payload: Any, text: str) -> None:
    assert printable(payload) == text
    assert json.loads(text) == payload


def test_of_what_is_too_large_the_beginning_is_kept() -> None:
    assert len(printable("x" * MAX_WHOLE)) == MAX_CUT
