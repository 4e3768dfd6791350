"""A node that is disabled is passed by its first port: it does nothing, and what is wrong with it keeps nobody."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.flows.definition import Problem, awaited, graph_checks, making, shape
from apps.flows.definition.checking import check
from apps.flows.definition.compiled import made_of
from apps.flows.definition.making import Identity
from apps.flows.engine.advancing import advance
from apps.flows.testing import story
from tests.flows.definition.documents import KINDS, document, node
from tests.flows.engine import graphs


def off(id: str, kind: str = "plain", **settings: Any) -> dict[str, Any]:
    return node(id, kind, **settings) | {"is_disabled": True}


def ways_checked(nodes: Sequence[dict[str, Any]], ways: Sequence[str], **rest: Any) -> list[Problem]:
    definition = shape.read(document(nodes, ways, **rest))
    problems: list[Problem] = []
    place = making.place_of(definition, Identity("flow"), problems, is_stored=True)
    made = making.make_nodes(definition, place, KINDS)
    return [*problems, *graph_checks.check(definition, made)]


def told(found: Sequence[Problem]) -> list[tuple[str, str, bool]]:
    return [(each.node, each.field, each.is_warning) for each in found]


CHOOSE = off("c", "choose", condition="payload@x = 1")


@pytest.mark.parametrize(
    ("nodes", "ways", "place", "part"),
    [
        ([CHOOSE], ["s -> c", "c.false -> e"], [("c", "true", True), ("e", "", True)], "Nothing leads on"),
        ([off("a")], ["s -> a", "s -> e"], [("a", "out", True)], "Nothing leads on from the port out"),
        (
            [CHOOSE, node("a"), node("b")],
            ["s -> c", "c.true -> e", "c.false -> a", "a -> b", "b -> e"],
            [("a", "", True), ("b", "", True)],
            "Nobody comes here as long as c is disabled.",
        ),
        (
            [off("w", "wait", length="1 day"), node("a")],
            ["s -> w", "w -> a", "a -> w"],
            [("e", "", False), ("w", "", False)],
            "no way leads from the start",
        ),
        ([off("m", "meet")], ["s -> m", "m -> e"], [("m", "is_disabled", False)], "A join cannot be disabled"),
    ],
)
def test_ways_are_checked_as_people_go(
    nodes: list[Any], ways: list[str], place: list[tuple[str, str, bool]], part: str
) -> None:
    found = ways_checked(nodes, ways)

    assert sorted(told(found)) == sorted(place)
    assert any(part in each.message for each in found)


def test_ways_along_which_nobody_goes_are_no_circle_and_no_fork() -> None:
    circle = ways_checked([CHOOSE, node("a")], ["s -> c", "c.true -> e", "c.false -> a", "a -> c"])
    fork = ways_checked([CHOOSE, node("a")], ["s -> c", "s -> a", "c.true -> e", "c.false -> a", "a -> e"])

    assert told(circle) == [("a", "", True)]
    assert fork == []


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (document() | {"nodes": [off("s", "start"), node("e", "end")]}, ("s", "is_disabled")),
        (document() | {"nodes": [node("s", "start"), off("e", "end")]}, ("e", "is_disabled")),
        (document([node("p") | {"is_disabled": 1}]), ("p", "is_disabled")),
        (document([off("p", "nothing")]), ("p", "kind")),
    ],
)
def test_some_cannot_be_disabled(db: None, given: dict[str, Any], place: tuple[str, str]) -> None:
    assert (*place, False) in told(check(given, kinds=KINDS))


def test_what_is_wrong_with_its_settings_is_a_warning(db: None) -> None:
    names = {"connection": "None", "flow": "none", "segment": "none"}
    nodes = [off("a", "say"), off("b", "say", words="{{ profile@nothing }}", **names), off("w", "wait", length="long")]
    webhook = {"id": "t", "kind": "webhook", "event_type": "page-view"}  # about nobody
    ways = ["s -> a", "a -> b", "b -> w", "w -> e"]

    found = check(document(nodes, ways, triggers=[webhook], answers_inline=True), kinds=KINDS)

    assert {each.node for each in found} == {"a", "b", "w"}
    assert all(each.is_warning for each in found)
    assert {"settings.words", "settings.connection", "settings.segment"} <= {each.field for each in found}


def test_it_raises_nothing_by_which_the_flow_begins_anew(db: None) -> None:
    starts = {"id": "t", "kind": "event", "event_type": "page-view"}
    echo = node("a", "say", words="x", event_type="page-view")

    before = check(document([echo], triggers=[starts]), kinds=KINDS)
    after = check(document([echo | {"is_disabled": True}], triggers=[starts]), kinds=KINDS)

    assert ("a", "settings.event_type", False) in told(before)
    assert after == []


def test_people_pass_it_by_its_first_port_and_nothing_happens() -> None:
    nodes = [
        {"id": "s", "kind": "start"},
        {"id": "c", "kind": "condition", "settings": {"condition": "event@properties.x = 1"}, "is_disabled": True},
        {"id": "k", "kind": "switch", "settings": {"cases": "none"}, "is_disabled": True},
        {"id": "r", "kind": "remember", "settings": {"memory": {"y": 1}}, "is_disabled": True},
        {"id": "w", "kind": "wait", "settings": {"length": "1 day"}, "is_disabled": True},
        {"id": "e", "kind": "end"},
        {"id": "o", "kind": "end"},
    ]
    edges = [
        {"from": "s", "to": "c"},
        {"from": "c", "port": "false", "to": "o"},
        {"from": "c", "port": "true", "to": "k"},
        {"from": "k", "port": "gold", "to": "r"},
        {"from": "r", "to": "w"},
        {"from": "w", "to": "e"},
    ]

    found = story({"nodes": nodes, "edges": edges}, event={"type": "x", "properties": {"x": 2}})

    assert found.path == ["s.out", "c.true", "k.gold", "r.out", "w.out", "e."]


def test_joins_do_not_wait_for_whom_it_sends_nowhere() -> None:
    given = document(
        [CHOOSE, node("a"), node("m", "meet")],
        ["s -> c", "s -> a", "c.true -> e", "c.false -> m", "a -> m", "m -> e"],
    )
    compiled = made_of(shape.read(given), Identity("flow"), kinds=KINDS)

    assert compiled.spots["c"].reaches == frozenset()
    assert compiled.spots["a"].reaches == {"m"}
    assert compiled.spots["c"].is_disabled


def test_nothing_is_awaited_at_it() -> None:
    waits = {"id": "w", "kind": "wait-for-event", "settings": {"awaits": "order-completed"}}
    plain = {"nodes": [{"id": "s", "kind": "start"}, waits], "edges": []}

    assert awaited(plain) == {"order-completed"}
    assert awaited(plain | {"nodes": [plain["nodes"][0], waits | {"is_disabled": True}]}) == set()


def test_who_waits_where_a_later_version_disables_the_node_waits_as_long_as_they_were_to() -> None:
    nodes = [
        {"id": "s", "kind": "start"},
        {"id": "w", "kind": "wait", "settings": {"length": "1 hour"}},
        {"id": "r", "kind": "remember", "settings": {"memory": {"y": 1}}},
        {"id": "e", "kind": "end"},
    ]
    edges = [{"from": "s", "to": "w"}, {"from": "w", "to": "r"}, {"from": "r", "to": "e"}]
    disabled = [each | {"is_disabled": each["id"] in ("w", "r")} for each in nodes]
    old, new = (
        made_of(shape.read({"nodes": each, "edges": edges}), Identity("flow", number=number))
        for number, each in enumerate((nodes, disabled), 1)
    )
    journey = graphs.enter(old)
    waiting = advance(journey, graphs.Person(), graphs.NOW)
    later = graphs.again(journey, waiting)
    later.successor = new

    assert waiting.state.tokens[0].wait is not None
    early = advance(graphs.again(later, waiting), graphs.Person(), graphs.secs(60))
    assert early.state.tokens[0].node == "w"
    after = advance(later, graphs.Person(), graphs.secs(3_600))
    assert after.compiled is new
    assert [each[:2] for each in after.state.path] == [["s", "out"], ["w", "out"], ["r", "out"], ["e", ""]]
    assert after.state.memory == {}
