"""The ways through a flow: where nobody comes, where it ends by mistake, where it goes in circles, where it doubles."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.definition import graph_checks, making, shape
from apps.flows.definition.making import Identity
from apps.flows.definition.problems import Problem
from apps.flows.definition.shape import MAX_EDGES, MAX_NODES
from tests.flows.definition.documents import KINDS, document, node


def check(nodes: Sequence[dict[str, Any]], ways: Sequence[str], **rest: Any) -> list[Problem]:
    definition = shape.read(document(nodes, ways, **rest))
    problems: list[Problem] = []
    place = making.place_of(definition, Identity("flow"), problems, is_stored=True)
    made = making.make_nodes(definition, place, KINDS)
    assert problems == []
    return list(graph_checks.check(definition, made))


def places(found: list[Problem]) -> list[tuple[str, str, str, bool]]:
    return [(each.node, each.edge, each.field, each.is_warning) for each in found]


A, B, C, D = (node(id) for id in "abcd")
CHOOSE, WAIT = node("c", "choose", condition="payload@x = 1"), node("w", "wait", length="1 day")
MEET = node("m", "meet")


@pytest.mark.parametrize(
    ("nodes", "ways"),
    [
        ([A], ["s -> a", "a -> e"]),
        ([CHOOSE, A], ["s -> c", "c.true -> a", "c.false -> e", "a -> e"]),  # exclusive ways may meet
        ([CHOOSE, A], ["s -> c", "c.true -> a", "c.false -> a", "a -> e"]),
        ([CHOOSE, WAIT], ["s -> c", "c.true -> e", "c.false -> w", "w -> c"]),  # time passes in the circle
        ([A, B, MEET], ["s -> a", "s -> b", "a -> m", "b -> m", "m -> e"]),
        ([A, B], ["s -> a", "s -> b", "a -> e", "b -> e"]),  # branches end at one end
        ([WAIT, A], ["s -> w", "w -> w", "w -> a", "a -> e"]),  # again each day
        ([node("y", "say", words="x")], ["s -> y", "y -> e"]),  # errors need not lead on
    ],
)
def test_what_is_well_is_left_alone(nodes: list[Any], ways: list[str]) -> None:
    assert check(nodes, ways) == []


@pytest.mark.parametrize(
    ("nodes", "ways", "place", "part"),
    [
        ([A], ["s -> a", "a -> x", "a -> e"], ("", "a.out -> x", "to", False), "There is no node x."),
        ([A], ["s -> a", "x -> a", "a -> e"], ("", "x.out -> a", "from", False), "There is no node x."),
        ([A], ["s -> a", "a.true -> e", "a -> e"], ("", "a.true -> e", "port", False), "has no port true. It has out."),
        ([A], ["s -> a", "a -> e", "e -> a"], ("", "e.out -> a", "port", False), "Nothing leads on from it."),
        ([A], ["s -> a", "a -> s", "a -> e"], ("", "a.out -> s", "to", False), "Nothing leads back to the start."),
        ([A], ["s -> a", "s -> a", "a -> e"], ("", "s.out -> a", "", False), "twice"),
        ([A, B], ["s -> a", "a -> e", "b -> e"], ("b", "", "", False), "Nobody comes here"),
        ([A, B], ["s -> a", "a -> b", "a -> e"], ("b", "", "", False), "A dead end"),
        ([CHOOSE], ["s -> c", "c.true -> e"], ("c", "", "false", True), "Nothing leads on from the port false"),
        ([A, B], ["s -> a", "a -> b", "b -> a", "b -> e"], ("a", "", "", False), "in a circle without end (a, b)"),
        (
            [A, WAIT],
            ["s -> a", "s -> e", "a -> w", "w -> a"],
            ("a", "", "", True),
            "go round here (a, w) until an exit rule",
        ),
        (
            [CHOOSE, A, B, C | {"id": "d"}],
            ["s -> c", "c.true -> a", "a -> d", "c.true -> b", "b -> d", "d -> e", "c.false -> e"],
            ("d", "", "", False),
            "Branches that part at c (true) meet here again",
        ),
        (
            [A, B, MEET],
            ["s -> a", "s -> b", "a -> m = x", "b -> m = x", "m -> e"],
            ("", "b.out -> m", "name", False),
            "Two edges to this join go by the name x",
        ),
    ],
)
def test_what_is_wrong_is_named(nodes: list[Any], ways: list[str], place: Any, part: str) -> None:
    found = check(nodes, ways)

    assert places(found) == [place]
    assert part in found[0].message


def test_there_is_one_start() -> None:
    found = check([node("t", "start"), A], ["s -> a", "t -> a", "a -> e"])

    assert [each.node for each in found] == ["t"]
    none = shape.read({"nodes": [node("a")], "edges": []})
    made = making.make_nodes(none, making.place_of(none, Identity("f"), [], is_stored=True), KINDS)
    assert next(graph_checks.check(none, made)).message.startswith("There is no start")


def test_a_meeting_behind_the_first_one_is_told_of_once() -> None:
    found = check([A, B, C, D], ["s -> a", "s -> b", "a -> c", "b -> c", "c -> d", "d -> e"])

    assert [each.node for each in found] == ["c"]


def test_nothing_is_sent_while_somebody_waits_for_an_answer() -> None:
    say, behind = node("y", "say", words="x"), node("z", "say", words="x")
    found = check([say, WAIT, behind], ["s -> y", "y -> w", "w -> z", "z -> e"], answers_inline=True)

    assert [each.node for each in found] == ["y"]
    assert "let run-in-background come before it" in found[0].message


PLAIN = [node(id) for id in "abcdf"]
EDGES = st.sets(st.tuples(st.sampled_from("sabcdf"), st.sampled_from("abcdf")), max_size=12)


@given(EDGES)
def test_branches_meet_where_somebody_who_goes_along_all_of_them_comes_twice(ways: set[tuple[str, str]]) -> None:
    after = {id: {to for source, to in ways if source == id} for id in "sabcdf"}

    def below(id: str, fork: str) -> set[str]:
        found, waiting = set[str](), [id]
        while waiting:
            each = waiting.pop()
            if each not in found and each != fork:
                found.add(each)
                waiting.extend(after[each])
        return found

    naive = {
        each
        for fork, targets in after.items()
        for one in targets
        for other in targets - {one}
        for each in below(one, fork) & below(other, fork)
    }

    found = check(PLAIN, [f"{source} -> {to}" for source, to in sorted(ways)])
    told = {each.node for each in found if "meet here again" in each.message}

    assert told <= naive
    assert bool(told) == bool(naive)


def test_the_largest_graph_is_checked() -> None:
    inner = [node(f"n{at}", "choose", condition="payload@x = 1") for at in range(MAX_NODES - 2)]
    ports = [(f"n{at}.{port}", step) for at in range(len(inner) - 2) for port in ("true", "false") for step in (1, 2)]
    ways = [f"{place} -> n{int(place[1:].partition('.')[0]) + step}" for place, step in ports]
    last = [f"n{at}.{port} -> e" for at in (len(inner) - 2, len(inner) - 1) for port in ("true", "false")]

    found = check(inner, ["s -> n0", *ways, *last])

    assert MAX_EDGES - 20 < 1 + len(ways) + len(last) <= MAX_EDGES
    assert found[0].node == "n2"
    assert "Branches that part at n0 (true) meet here again" in found[0].message
