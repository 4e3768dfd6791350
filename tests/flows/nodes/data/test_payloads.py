"""What nodes behind are handed, and what a run remembers."""

from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import refused, story, visit
from tests.flows.nodes.documents import flow

EVENT: dict[str, Any] = {"event": {"properties": {"total": 3, "ref": "ÅB-1"}}}


@pytest.mark.parametrize(
    ("payload", "mode", "came", "found"),
    [
        ({"total": "event@properties.total"}, "replace", {"a": 1}, {"total": 3}),
        ({"total": "event@properties.total"}, "merge", {"a": 1, "total": 2}, {"a": 1, "total": 3}),
        ({"total": "event@properties.total"}, "merge", [1], {"total": 3}),
        ("event@properties", "replace", None, {"total": 3, "ref": "ÅB-1"}),
        ("event@nothing", "replace", {"a": 1}, {}),
        ({"gone?": "event@nothing", "null": "event@nothing"}, "replace", None, {"null": None}),
        ("event@properties.total", "replace", None, 3),
        ({"ref": "{{ event@properties.ref | lower | base64 }}"}, "replace", None, {"ref": "w6ViLTE="}),
    ],
)
def test_a_payload_is_made_or_added_to(payload: Any, mode: str, came: Any, found: Any) -> None:
    assert visit("payload", {"payload": payload, "mode": mode}, payload=came, **EVENT) == Go(payload=found)


def test_only_an_object_can_be_added() -> None:
    assert isinstance(visit("payload", {"payload": "event@properties.ref", "mode": "merge"}, **EVENT), Fail)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["payload", "remember"])
@pytest.mark.parametrize("said", [["a"], 3, None])
def test_what_is_no_object_is_refused(kind: str, said: Any) -> None:
    name = "memory" if kind == "remember" else kind

    assert refused(kind, {name: said}).keys() == {name}


def test_what_is_remembered_is_there_on_all_branches_until_the_run_is_over() -> None:
    nodes = {
        "start": "start",
        "a": ("remember", {"memory": {"total": "event@properties.total", "a": 1}}),
        "b": ("remember", {"memory": {"a": "{{ memory@a + memory@total }}"}}),
        "end": ("end", {"result": "memory@"}),
    }

    told = story(flow(nodes, "start -> a", "a -> b", "b -> end"), event={"type": "t", **EVENT["event"]})

    assert told.outcome.state.result == {"total": 3, "a": 4}


def test_too_much_is_not_remembered() -> None:
    nodes = {"start": "start", "a": ("remember", {"memory": {"all": "event@properties.x"}}), "end": "end", "no": "end"}
    event = {"type": "t", "properties": {"x": "x" * 300_000}}

    told = story(flow(nodes, "start -> a", "a -> end", "a.error -> no"), event=event)

    assert told.path[1:] == ["a.error", "no."]
