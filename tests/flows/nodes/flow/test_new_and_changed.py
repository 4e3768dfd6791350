"""Whether somebody is new, and whether something is what it was."""

from datetime import timedelta
from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Go, Started
from apps.flows.testing import NOON, story, visit
from tests.flows.nodes.documents import flow

SEC = timedelta(seconds=1)
EVENT = {"type": "t", "id": "1", "time": NOON.isoformat()}


def new(what: str, **known: Any) -> Any:
    return visit("is-new", {"what": what}, **{"event": EVENT, **known})


@pytest.mark.parametrize(
    ("seconds", "port"),
    [(0, "new"), (10, "new"), (11, "known"), (86_400, "known")],
)
def test_new_is_of_whom_nothing_is_known_from_before_the_event(seconds: int, port: str) -> None:
    at = NOON - seconds * SEC

    assert new("profile", profile={"first_seen_at": at}) == Go(port)
    assert new("session", session={"started_at": at}) == Go(port)


def test_nobody_is_new_where_nothing_tells() -> None:
    assert new("session") == Go("known")
    assert new("session", session=None) == Go("known")
    by_hand = {"type": "manual", "time": NOON.isoformat()}
    assert new("profile", event=by_hand, profile={"first_seen_at": NOON}) == Go("known")
    assert new("profile", event=None, profile={"first_seen_at": NOON}) == Go("known")


def asked(value: str, **known: Any) -> Ask:
    move = visit("changed", {"value": value, **known.pop("settings", {})}, **known)
    assert isinstance(move, Ask)
    return move


def test_a_value_is_asked_about_by_its_digest() -> None:
    plan = asked("profile@traits.plan", profile={"traits": {"plan": {"b": 1, "a": [2]}}})
    same = asked("profile@traits.plan", profile={"traits": {"plan": {"a": [2], "b": 1}}})
    other = asked("profile@traits.plan", profile={"traits": {"plan": {"a": [2], "b": "1"}}})

    assert plan == same
    assert plan.about["digest"] != other.about["digest"]
    assert "plan" not in str(plan.about)
    assert plan.about["within_secs"] is None
    assert asked("a", settings={"within": "1 day"}).about["within_secs"] == 86_400


@pytest.mark.parametrize(
    ("answer", "first", "port"),
    [
        ("changed", "changed", "changed"),
        ("same", "changed", "same"),
        ("first", "changed", "changed"),
        ("first", "same", "same"),
    ],
)
def test_people_leave_by_what_is_known(answer: str, first: str, port: str) -> None:
    assert visit("changed", {"value": "x", "first": first}, answer=answer) == Go(port)


def test_another_flow_is_started_and_not_waited_for() -> None:
    nodes = {
        "start": "start",
        "other": ("start-flow", {"flow": "other", "payload": {"id": "event@id"}}),
        "plain": ("start-flow", {"flow": "plain"}),
        "end": "end",
    }

    told = story(flow(nodes, "start -> other", "other -> plain", "plain -> end"), event=EVENT)

    assert told.started == [Started("other", {"id": "1"}), Started("plain", None)]
    assert told.path == ["start.out", "other.out", "plain.out", "end."]
