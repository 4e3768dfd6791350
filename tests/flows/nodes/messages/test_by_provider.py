"""Text messages and push messages: the request that a provider gets, to whom, and whether it may be sent."""

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from apps.flows.engine.moves import Ask, Delivered, Fail, Go, Skipped, Stay
from apps.flows.testing import NOON, refused, visit
from tests.bridges.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
SMS: dict[str, Any] = {
    "connection": "Provider",
    "text": "Hi {{ profile@data.pii.firstname }} & co",
    "path": "/messages",
    "json": {"to": ["payload@to"], "from": "Shop", "body": "payload@text", "order": "payload@order"},
}
PUSH: dict[str, Any] = {
    "connection": "Provider",
    "to": "profile@traits.device",
    "title": "Cart",
    "text": "{{ event@properties.n }} things",
    "path": "/devices/{{ payload@to }}",
    "json": {"title": "payload@title", "text": "payload@text"},
}
ANNA: dict[str, Any] = {
    "profile": {
        "id": "p1",
        "data": {"contact": {"phone": {"main": "+47 912 34 567"}}, "pii": {"firstname": "Anna"}},
        "traits": {"device": "a/b"},
    },
    "event": {"properties": {"n": 2}},
    "payload": {"order": 7},
}


@pytest.fixture(autouse=True)
def _provider() -> None:
    ConnectionFactory(name="Provider", kind="http")


def request(kind: str, settings: dict[str, Any], **known: Any) -> dict[str, Any]:
    move = visit(kind, settings, answer={}, **{**ANNA, **known})
    assert isinstance(move, Stay), move
    assert move.sent
    assert move.sent.channel == kind
    return dict(move.sent.request)


def test_a_text_message_has_number_and_text_where_the_provider_wants_them() -> None:
    asked = request("sms", SMS)

    assert (asked["method"], asked["path"], asked["may_be_missing"]) == ("POST", "/messages", False)
    assert asked["headers"] == {"Content-Type": "application/json"}
    assert orjson.loads(asked["body"]) == {
        "to": ["+4791234567"],
        "from": "Shop",
        "body": "Hi Anna & co",
        "order": 7,
    }


def test_it_may_be_a_form() -> None:
    form = {key: said for key, said in SMS.items() if key != "json"} | {
        "body": "form",
        "form": {"To": "payload@to", "Body": "payload@text", "None": "payload@none"},
    }
    asked = request("sms", form)

    assert asked["body"] == "To=%2B4791234567&Body=Hi%20Anna%20%26%20co"
    assert asked["headers"] == {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_push_message_goes_to_a_device_that_may_be_gone() -> None:
    asked = request("push", PUSH)

    assert (asked["path"], asked["may_be_missing"]) == ("/devices/a%2Fb", True)
    assert orjson.loads(asked["body"]) == {"title": "Cart", "text": "2 things"}


@pytest.mark.parametrize(("kind", "settings"), [("sms", SMS), ("push", PUSH)])
def test_it_asks_whether_it_may_be_sent_now(kind: str, settings: dict[str, Any]) -> None:
    asks = visit(kind, settings, **ANNA)

    assert isinstance(asks, Ask)
    assert (asks.kind, asks.about["channel"]) == ("contact", kind)
    assert visit(kind, settings, answer={"capped_by": "x"}, **ANNA) == Go("capped")
    quiet = visit(kind, settings, answer={"quiet_secs": 60}, **ANNA)
    assert isinstance(quiet, Stay)
    assert quiet.until
    assert (quiet.until - NOON).total_seconds() == 60


def test_people_go_on_as_it_went_and_the_payload_has_the_answer() -> None:
    answer = {"status": 200, "body": '{"id": "m1"}'}
    kept = {"order": 7, "answer": {**answer, "json": {"id": "m1"}}}

    assert visit("sms", SMS, wake=Delivered("delivered", answer), kept="sent", **ANNA) == Go(payload=kept)
    no = visit("sms", SMS, wake=Delivered("refused", answer, "The answer was 400."), kept="sent", **ANNA)
    assert no == Go("refused", payload={**kept, "error": "The answer was 400."})
    late = visit("push", PUSH, wake=Delivered("expired", None), kept="sent", **ANNA)
    assert late == Fail("The push message was expired.")
    assert isinstance(visit("push", PUSH, wake=Skipped(), kept="sent", **ANNA), Fail)


@pytest.mark.parametrize("number", ["12", "+47 123", "anna@example.com", "+4791234567, +4791234568"])
def test_a_text_message_to_no_number_fails_and_does_not_count(number: str) -> None:
    failed = visit("sms", {**SMS, "to": "event@properties.to"}, **{**ANNA, "event": {"properties": {"to": number}}})

    assert failed == Fail("This is no phone number that can be written to.")


@pytest.mark.parametrize(
    ("kind", "settings", "reason"),
    [
        ("sms", {**SMS, "to": "profile@data.contact.phone.mobile"}, "Nobody knows a phone number of theirs."),
        ("sms", {**SMS, "text": "{{ event@properties.none }}"}, "The message says nothing."),
        ("push", {**PUSH, "to": "profile@traits.none"}, "Nobody knows a device of theirs."),
    ],
)
def test_what_is_missing_is_said(kind: str, settings: dict[str, Any], reason: str) -> None:
    assert visit(kind, settings, **ANNA) == Fail(reason)


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"connection": "Provide"}, "connection", "Did you mean Provider?"),
        ({"path": "messages"}, "path", "A path begins with /"),
        ({"json": {"a": "{{ x }}"}}, "json.a", "no reference"),
        ({"to": "profile@data.contact.phone.man"}, "to", "There is no field"),
        ({"body": "form"}, "form", "has to be filled in"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(changed: dict[str, Any], field: str, message: str) -> None:
    found = refused("sms", {**SMS, **changed})

    assert message in found.get(field, ""), found


DOCUMENT = Path(__file__).parents[4] / "docs/connections.md"
ROW = re.compile(r"^\| ([^|]+, (SMS|push)[^|]*) \|[^|]+\| `(/[^`]*)` \| (a form|JSON): `(.+)` \|$", re.MULTILINE)
PROVIDERS = ROW.findall(DOCUMENT.read_text())


def test_the_document_has_requests_of_providers() -> None:
    assert len(PROVIDERS) == 8


@pytest.mark.parametrize(
    ("kind", "path", "shape", "body"), [row[1:] for row in PROVIDERS], ids=[row[0] for row in PROVIDERS]
)
def test_what_the_document_says_of_a_provider_is_a_request(kind: str, path: str, shape: str, body: str) -> None:
    document = json.loads(body.replace("\\|", "|"))
    content = {"body": "form", "form": document} if shape == "a form" else {"json": document}
    settings = {**(SMS if kind == "SMS" else PUSH), "path": path, **content}
    if shape == "a form":
        del settings["json"]

    asked = request(kind.lower(), settings)

    assert asked["path"] == path
    assert ("4791234567" if kind == "SMS" else "a/b") in asked["body"]
    assert "payload@" not in asked["body"]
    assert ('"+4791234567"' in asked["body"]) == ("remove" not in body and kind == "SMS" and shape == "JSON")
