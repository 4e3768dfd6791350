"""How branches come together: who is waited for, what goes on, and when; held to a reckoning by hand."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.flows.engine import advance
from apps.flows.engine.graph import Compiled, Joining
from apps.flows.engine.moves import Awaited, End, Failure, Go, Move, Skipped, Stay, TimedOut
from apps.flows.engine.outcome import Outcome, Wakes
from apps.flows.engine.step import Step
from apps.flows.models import Run
from tests.flows.engine.graphs import NOW, Node, Person, again, compiled, enter, go, secs, walk
from tests.laws import examples


def join(step: Step) -> Move:
    port = "late" if isinstance(step.wake, TimedOut) else "out"
    seen = [*step.scope["memory"].get("joined", []), [step.now.timestamp() - NOW.timestamp(), port, step.payload]]
    return Go(port, memory={"joined": seen})


def pause(after: float, payload: Any = None) -> Any:
    def run(step: Step) -> Move:
        if step.wake is None and after:
            return Stay(step.now + timedelta(seconds=after))
        return Go(payload=step.node if payload is None else payload)

    return run


def over(step: Step) -> Move:
    return End(Run.Status.FINISHED, is_branch=True)


def live(graph: Compiled) -> Outcome:
    """Let time pass until the run is over."""
    journey, now = enter(graph), NOW
    outcome = advance(journey, Person(), now)
    while outcome.ending is None:
        assert outcome.due_at is not None
        now = outcome.due_at
        outcome = advance(again(journey, outcome), Person(), now)
    return outcome


def gathered(joining: Joining, branches: Mapping[str, Any], *, dead: tuple[str, ...] = ()) -> Any:
    """Let branches leave a fork, each with a pause of its own; some do not come to the join."""
    nodes = {"s": go, **branches, "j": Node(join, ("out", "late"), joining), "x": over}
    ways = [*(f"s -> {id}" for id in branches), *(f"{id} -> {'x' if id in dead else 'j'}" for id in branches)]
    return live(compiled(nodes, ways)).state.memory.get("joined", [])


def test_all_waits_for_each_branch_that_can_still_come() -> None:
    branches = {"a": pause(1), "b": pause(0), "c": pause(3)}

    assert gathered(Joining("all"), branches) == [[3, "out", {"a": "a", "b": "b", "c": "c"}]]


def test_all_goes_on_with_what_came_when_none_can_come_any_more() -> None:
    def choose(step: Step) -> Move:
        return Go("other") if step.wake else Stay(step.now + timedelta(seconds=5))

    nodes = {"s": go, "a": go, "b": Node(choose, ("out", "other")), "j": Node(join, joining=Joining("all")), "x": over}
    outcome = live(compiled(nodes, ["s -> a", "s -> b", "a -> j", "b -> j", "b.other -> x"]))

    assert outcome.state.memory["joined"] == [[5, "out", {"a": None}]]


def test_a_time_out_goes_on_without_the_others_who_end_there() -> None:
    joining = Joining("all", timedelta(seconds=2))

    assert gathered(joining, {"a": pause(1), "b": pause(9)}) == [[3, "late", {"a": "a"}]]


def test_any_goes_on_with_the_first_and_the_others_end_there() -> None:
    assert gathered(Joining("any"), {"a": pause(2), "b": pause(1), "c": pause(3)}) == [[1, "out", {"b": "b"}]]


def test_first_cancels_the_other_branches_with_what_they_wait_for() -> None:
    def listen(step: Step) -> Move:
        return Stay(None, events=(Awaited("x"),)) if step.wake is None else Go()

    nodes = {"s": go, "a": pause(1), "b": listen, "j": Node(join, joining=Joining("first")), "c": listen}
    graph = compiled(nodes, ["s -> a", "s -> b", "s -> c", "a -> j", "b -> j"])
    journey = enter(graph)
    outcome = advance(again(journey, advance(journey, Person(), NOW)), Person(), secs(1))

    assert (outcome.cancelled, outcome.unwaiting) == ({2}, {2})
    assert [token.node for token in outcome.state.tokens] == ["c"]  # no way leads from there to the join


def test_those_of_one_key_go_on_together() -> None:
    joining = Joining("key", None, lambda scope: scope["payload"]["order"], 2)
    payloads = {"a": {"order": 1}, "b": {"order": 2}, "c": {"order": 1.0}, "d": {"order": 3}}
    branches = {id: pause(at, payload) for at, (id, payload) in enumerate(payloads.items())}

    assert gathered(joining, branches) == [
        [2, "out", {"a": {"order": 1}, "c": {"order": 1.0}}],
        [3, "out", {"b": {"order": 2}}],  # nobody can come to these any more
        [3, "out", {"d": {"order": 3}}],
    ]


def test_a_key_that_cannot_be_told_is_a_failure_of_the_join() -> None:
    def refuse(scope: Mapping[str, Any]) -> Any:
        message = "There is no order."
        raise Failure(message)

    outcome = walk(compiled({"j": Node(join, joining=Joining("key", None, refuse, 2))}, []))

    assert outcome.ending == (Run.Status.FAILED, "Node j: There is no order.")


def test_names_of_edges_tell_what_came() -> None:
    nodes = {"s": go, "a": pause(0, 1), "b": pause(0, 2), "j": Node(join, joining=Joining("all"))}
    outcome = live(compiled(nodes, ["s -> a", "s -> b", "a -> j = prices", "b -> j = stock"]))

    assert outcome.state.memory["joined"] == [[0, "out", {"prices": 1, "stock": 2}]]


def test_each_round_of_a_circle_is_joined_by_itself() -> None:
    def thrice(step: Step) -> Move:
        return Go("again" if step.visit < 3 else "out")

    nodes = {
        **{"s": go, "a": pause(1), "b": pause(2), "j": Node(join, joining=Joining("any"))},
        **{"c": Node(thrice, ("out", "again")), "x": over},
    }
    ways = ["s -> a", "s -> b", "a -> j", "b -> j", "j -> c", "c.again -> s", "c -> x"]

    assert [at for at, _, _ in live(compiled(nodes, ways)).state.memory["joined"]] == [1, 2, 3]


def test_joins_that_wait_for_each_other_go_on() -> None:
    nodes = {
        **{"s": go, "j": Node(join, joining=Joining("all")), "k": Node(join, joining=Joining("all"))},
        **{"w": pause(1), "x": over},
    }
    outcome = live(compiled(nodes, ["s -> j", "s -> k", "j -> w", "w -> k", "k -> j", "j -> x"], max_steps=50))

    assert outcome.ending is not None
    assert outcome.state.tokens == []


@pytest.mark.parametrize(("time_out", "port"), [(timedelta(hours=1), "late"), (None, "out")])
def test_whoever_is_held_can_be_let_go_by_hand(time_out: timedelta | None, port: str) -> None:
    """As if the time were over, where there is one."""
    nodes = {"s": go, "a": go, "w": pause(1_000), "j": Node(join, ("out", "late"), Joining("all", time_out))}
    journey = enter(compiled(nodes, ["s -> a", "s -> w", "a -> j", "w -> j"]))
    waiting = advance(journey, Person(), NOW)
    held = next(token for token in waiting.state.tokens if token.node == "j")
    outcome = advance(again(journey, waiting), Person(), secs(1), Wakes({held.id: (Skipped(),)}))

    assert outcome.state.memory["joined"] == [[1, port, {"a": None}]]


BRANCHES = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=6)


def come(joining: Joining, branches: list[tuple[int, bool]]) -> tuple[Any, dict[str, int]]:
    """Let branches come after so many seconds, or end then; return what the join said, and who came when."""
    named = {f"b{at}": branch for at, branch in enumerate(branches)}
    dead = tuple(id for id, (_, comes) in named.items() if not comes)
    found = gathered(joining, {id: pause(after) for id, (after, _) in named.items()}, dead=dead)
    return found, {id: after for id, (after, comes) in named.items() if comes}


@pytest.mark.parametrize("mode", ["any", "first"])
@settings(max_examples=examples(60, nightly=2_000), deadline=None)
@given(branches=BRANCHES)
def test_the_first_goes_on_whoever_else_comes(mode: Any, branches: list[tuple[int, bool]]) -> None:
    found, comers = come(Joining(mode), branches)
    first = [id for _, id in sorted((after, id) for id, after in comers.items())][:1]

    assert found == [[comers[id], "out", {id: id}] for id in first]


@settings(max_examples=examples(60, nightly=2_000), deadline=None)
@given(branches=BRANCHES, time_out=st.integers(1, 12))
def test_all_that_can_come_go_on_together_or_those_who_came_in_time(
    branches: list[tuple[int, bool]], time_out: int
) -> None:
    """Who does not come to the join is not waited for: no way leads there from where they are."""
    found, comers = come(Joining("all", timedelta(seconds=time_out + 0.5)), branches)
    last = max(comers.values(), default=0)
    late = min(comers.values(), default=0) + time_out + 0.5  # when it does not wait any longer
    at, port = (last, "out") if last < late else (late, "late")

    assert found == ([[at, port, {id: id for id, after in comers.items() if after <= at}]] if comers else [])
