"""Webhooks of flows: what they say, and how people go on."""

from typing import Any

import orjson
import pytest

from apps.flows.engine.moves import Delivered, Fail, Go, Skipped, Stay
from apps.flows.testing import NOON, refused, visit
from tests.bridges.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
HOOK: dict[str, Any] = {
    "connection": "Shop hooks",
    "type": "order.{{ event@properties.state }}",
    "data": {"total": "event@properties.total", "name?": "profile@data.pii.firstname"},
}
KNOWN: dict[str, Any] = {"event": {"properties": {"state": "paid", "total": 12.5}}}


@pytest.fixture(autouse=True)
def _hooks() -> None:
    ConnectionFactory(name="Shop hooks", kind="webhook")


def test_it_says_what_has_happened_when_and_what_there_is_to_say() -> None:
    move = visit("webhook", HOOK, **KNOWN)

    assert isinstance(move, Stay)
    assert move.sent
    assert move.sent.request["method"] == "POST"
    said = orjson.loads(str(move.sent.request["body"]))
    assert said == {"type": "order.paid", "timestamp": NOON.isoformat(), "data": {"total": 12.5}}


def test_who_does_not_wait_goes_on_at_once() -> None:
    move = visit("webhook", {**HOOK, "is_waited_for": False}, **KNOWN)

    assert isinstance(move, Go)
    assert not move.sent[0].is_waited_for


@pytest.mark.parametrize(
    ("wake", "move"),
    [
        (Delivered("delivered", None), Go()),
        (Delivered("refused", None, "No."), Go("refused", payload={"error": "No."})),
        (Delivered("expired", None, "Too late."), Fail("Too late.")),
        (Skipped(), Fail("Somebody let them go on before it was known how it went.", is_given_up=True)),
    ],
)
def test_people_go_on_as_it_went(wake: Any, move: Any) -> None:
    assert visit("webhook", HOOK, wake=wake, **KNOWN) == move


def test_one_without_a_type_is_not_sent() -> None:
    assert visit("webhook", {**HOOK, "type": "{{ event@properties.none }}"}, **KNOWN) == Fail(
        "A webhook has a type: what has happened."
    )


def test_what_cannot_be_is_refused_when_it_is_saved() -> None:
    ConnectionFactory(name="API", kind="http")

    assert "is of the kind http, and not webhook" in refused("webhook", {**HOOK, "connection": "API"})["connection"]
    assert "no reference" in refused("webhook", {**HOOK, "data": {"a": "{{ x }}"}})["data.a"]
