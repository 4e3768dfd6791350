"""People go through a graph of small nodes: what they do, wait for and ask, how they fail, and how they end."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from apps.flows.engine import advance, state
from apps.flows.engine.moves import (
    Ask,
    Awaited,
    Change,
    Delivered,
    End,
    Fail,
    Failure,
    Go,
    Membership,
    Met,
    Move,
    Raised,
    Sent,
    Skipped,
    Started,
    Stay,
    TimedOut,
    Unanswered,
)
from apps.flows.engine.outcome import Effect, Outcome, Wakes
from apps.flows.engine.step import Step
from apps.flows.models import Run, Wait
from tests.flows.engine.graphs import NOW, PERSON, RUN, Node, Person, again, compiled, enter, go, secs, walk

HOUR = timedelta(hours=1)
Status = Run.Status


def stay(secs: float | None = 3_600, **options: Any) -> Any:
    """Make a node that waits, and goes on by whatever wakes it."""

    def run(step: Step) -> Move:
        if step.wake is None:
            return Stay(None if secs is None else step.now + timedelta(seconds=secs), **options)
        return Go(memory={"wake": type(step.wake).__name__, "kept": step.kept})

    return run


def finished(outcome: Outcome) -> bool:
    return outcome.ending is not None and outcome.ending.status is Status.FINISHED


def path(outcome: Outcome) -> list[tuple[str, str]]:
    return [(node, port) for node, port, _ in outcome.state.path]


def test_somebody_goes_from_node_to_node_to_the_end() -> None:
    outcome = walk(compiled({"a": go, "b": go, "c": go}, ["a -> b", "b -> c"]))

    assert outcome.ending == (Status.FINISHED, "It ended at c, by out.")
    assert path(outcome) == [("a", "out"), ("b", "out"), ("c", "out")]
    assert outcome.counts == [(node, port) for node in "abc" for port in ("", "out")]
    assert outcome.due_at is None
    assert outcome.place == "c"


def test_a_port_decides_where_they_go() -> None:
    def is_big(step: Step) -> Move:
        return Go("true" if step.scope["event"]["value"] > 5 else "false")

    graph = compiled({"a": Node(is_big, ("true", "false")), "b": go, "c": go}, ["a.true -> b", "a.false -> c"])

    assert path(walk(graph, event={"value": 7})) == [("a", "true"), ("b", "out")]
    assert path(walk(graph, event={"value": 2})) == [("a", "false"), ("c", "out")]


def test_what_a_node_does_is_done_to_the_person_at_once_and_noted() -> None:
    person = Person(traits={"n": 1})
    seen: list[Any] = []

    def count(step: Step) -> Move:
        seen.append(dict(step.scope["profile"]["traits"]))
        changes = (Change("increment", "traits.n", 1),)
        return Go(changes=changes, memberships=(Membership("vip", is_in=True),), raised=(Raised("counted"),))

    outcome = walk(compiled({"a": count, "b": count}, ["a -> b"]), person)

    assert seen == [{"n": 1}, {"n": 2}]
    assert person.traits == {"n": 3}
    assert person.segments == {"vip"}
    assert outcome.changes == [Change("increment", "traits.n", 1)] * 2
    assert [each.by for each, _ in zip(outcome.emissions, "ab", strict=True)] == [Effect("a", 1, 0), Effect("b", 1, 0)]
    assert person.setters[0] == ("test", 1, "a", RUN)


def test_payload_and_memory_go_on() -> None:
    def first(step: Step) -> Move:
        return Go(payload={"from": "a", "was": step.payload}, memory={"seen": 1})

    def second(step: Step) -> Move:
        return Go(memory={"seen": step.scope["memory"]["seen"] + 1, "payload": step.scope["payload"]})

    outcome = walk(compiled({"a": first, "b": second}, ["a -> b"]), payload=5)

    assert outcome.state.memory == {"seen": 2, "payload": {"from": "a", "was": 5}}


def test_they_wait_until_a_time_and_go_on_then() -> None:
    graph = compiled({"a": go, "w": stay(60, kept={"x": 1}), "b": go}, ["a -> w", "w -> b"])
    journey = enter(graph)

    waiting = advance(journey, Person(), NOW)
    early = advance(again(journey, waiting), Person(), secs(59))
    woken = advance(again(journey, early), Person(), secs(60))

    assert (waiting.due_at, waiting.place, waiting.ending) == (secs(60), "w", None)
    assert (early.due_at, path(early)) == (secs(60), [("a", "out")])
    assert finished(woken)
    assert woken.state.memory == {"wake": "TimedOut", "kept": {"x": 1}}
    assert woken.state.path[-1] == ["b", "out", 60_000]


def test_they_wait_for_events_and_what_is_waited_for_goes_with_them() -> None:
    awaited = Awaited("purchase", {"properties.order_id": "7"})
    graph = compiled({"w": stay(events=(awaited,)), "b": go}, ["w -> b"])
    journey = enter(graph)

    waiting = advance(journey, Person(), NOW)
    woken = advance(again(journey, waiting), Person(), secs(1), Wakes({1: (Met(({"type": "purchase"},)),)}))

    assert waiting.waits == [(1, Wait.Kind.EVENT, "purchase", {"properties.order_id": "7"}, None)]
    assert woken.state.memory["wake"] == "Met"
    assert (woken.unwaiting, woken.cancelled) == ({1}, set())


def test_whoever_waits_on_waits_for_what_the_node_says_now() -> None:
    def fussy(step: Step) -> Move:
        n = (step.kept or 0) + 1
        return Go() if n > 2 else Stay(None, events=(Awaited(f"event-{n}"),), kept=n)

    journey = enter(compiled({"w": fussy}, []))
    waiting = advance(journey, Person(), NOW)
    still = advance(again(journey, waiting), Person(), secs(1), Wakes({1: (Met(({},)),)}))
    over = advance(again(journey, still), Person(), secs(2), Wakes({1: (Met(({},)), Met(({},)))}))

    assert [each.type for each in still.waits] == ["event-2"]
    assert (still.rewaiting, still.unwaiting) == ({1}, set())
    assert finished(over)


def test_a_delivery_and_a_sub_flow_wake_who_waits_for_them() -> None:
    sent = Sent(RUN, {"path": "/"})

    def both(step: Step) -> Move:
        match step.wake:
            case None:
                return Stay(None, sent=sent)
            case Delivered(outcome):
                return Stay(None, child=Started("other", {"a": 1}), kept=outcome)
        return Go(memory={"kept": step.kept})

    journey = enter(compiled({"s": both}, []))
    sending = advance(journey, Person(), NOW)
    calling = advance(again(journey, sending), Person(), secs(1), Wakes({1: (Delivered("delivered", {}),)}))
    over = advance(again(journey, calling), Person(), secs(2), Wakes({1: (Skipped(),)}))

    assert sending.deliveries == [(Effect("s", 1, 0), sent, 1)]
    assert sending.deliveries[0].by.key(RUN) == f"{RUN}:s:1"
    assert calling.children == [(Effect("s", 1, 0), Started("other", {"a": 1}), 1)]
    assert over.state.memory == {"kept": "delivered"}


def test_a_question_stops_all_until_it_is_answered() -> None:
    def limited(step: Step) -> Move:
        if step.answer is None:
            return Ask("limit", {"key": step.node}, kept="mine")
        return Go("pass" if step.answer else "block", memory={step.node: [step.answer, step.kept, step.visit]})

    ports = ("pass", "block")
    graph = compiled({"a": Node(limited, ports), "b": Node(limited, ports)}, ["a.pass -> b"])

    outcome = walk(graph)
    assert outcome.question is not None
    assert (outcome.question.node, outcome.question.ask.about) == ("a", {"key": "a"})
    outcome = outcome.answered(answer=True)
    assert outcome.question is not None
    assert outcome.question.node == "b"
    outcome = outcome.answered(answer=False)

    assert outcome.question is None
    assert outcome.state.memory == {"a": [True, "mine", 1], "b": [False, "mine", 1]}
    assert path(outcome) == [("a", "pass"), ("b", "block")]


def test_conditions_that_the_database_answers_are_asked_one_by_one() -> None:
    def choose(step: Step) -> Move:
        held = step.held or {}
        for field in ("first", "second"):
            if field not in held:
                raise Unanswered(field, Ask("holds", {"condition": field}))
        return Go(memory=dict(held))

    outcome = walk(compiled({"a": choose, "b": choose}, ["a -> b"]))
    asked = []
    while outcome.question:
        asked.append((outcome.question.node, outcome.question.ask.about["condition"]))
        outcome = outcome.answered(len(asked) % 2 == 0)

    assert asked == [("a", "first"), ("a", "second"), ("b", "first"), ("b", "second")]
    assert outcome.state.memory == {"first": False, "second": True}


def test_a_node_that_asks_without_end_fails() -> None:
    outcome = walk(compiled({"a": lambda _step: Ask("limit", {})}, []))
    n_asked = 0
    while outcome.question:
        n_asked += 1
        outcome = outcome.answered(answer=False)

    assert n_asked == 50
    assert outcome.ending == (Status.FAILED, "Node a: It asks without end.")


def raises(step: Step) -> Move:
    message = "with data of theirs in it"
    raise ValueError(message)


def refuses(step: Step) -> Move:
    message = "It says no."
    raise Failure(message)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (lambda _step: Fail("It says no."), "It says no."),
        (refuses, "It says no."),
        (raises, "The node is broken (ValueError)."),
        (lambda _step: Go("nowhere"), "The node has no port nowhere."),
        (lambda _step: Go(payload="x" * 70_000), "The payload has 70,002 bytes, and at most 65,536 are kept."),
        (lambda _step: Go(memory={"x": "x" * 300_000}), "The memory has 300,008 bytes, and at most 262,144 are kept."),
        (lambda _step: Go(payload={1, 2}), "The payload is no JSON."),
        (lambda _step: Go(changes=(Change("divide", "traits.n", 0),)), "There is no operation divide."),
    ],
)
def test_what_cannot_be_done_leaves_by_the_port_for_errors_goes_on_or_fails_the_run(run: Any, reason: str) -> None:
    ports = ("out", "error")
    to_error = walk(compiled({"a": Node(run, ports), "b": go}, ["a.error -> b"]), payload={"x": 1})
    goes_on = walk(compiled({"a": Node(run, ports, options={"goes_on": True}), "b": go}, ["a -> b"]))
    fails = walk(compiled({"a": Node(run, ports), "b": go}, ["a -> b"]))

    assert path(to_error) == [("a", "error"), ("b", "out")]
    assert path(goes_on) == [("a", "out"), ("b", "out")]
    assert fails.ending == (Status.FAILED, f"Node a: {reason}")
    assert (fails.place, path(fails)) == ("a", [])


def test_the_reason_goes_along_with_the_payload() -> None:
    def look(step: Step) -> Move:
        return Go(memory={"payload": step.payload})

    graph = compiled({"a": Node(lambda _step: Fail("No."), ("out", "error")), "b": look}, ["a.error -> b"])

    assert walk(graph, payload={"x": 1}).state.memory == {"payload": {"x": 1, "error": "No."}}


def test_nothing_of_what_fails_is_done() -> None:
    person = Person()
    changes = (Change("equals", "traits.plan", "pro"), Change("divide", "traits.n", 1))
    outcome = walk(
        compiled({"a": lambda _step: Go(changes=changes, memory={"a": 1}, raised=(Raised("x"),))}, []), person
    )

    assert outcome.ending is not None
    assert outcome.ending.status is Status.FAILED
    assert (outcome.state.memory, outcome.emissions, outcome.changes) == ({}, [], [])


def test_it_is_tried_again_after_a_rest_as_the_same_visit() -> None:
    seen: list[int] = []

    def flaky(step: Step) -> Move:
        seen.append(step.visit)
        return Go() if len(seen) == 3 else Fail("Not now.")

    journey = enter(compiled({"a": Node(flaky, options={"retries": 2, "rest": HOUR})}, []))
    outcome = advance(journey, Person(), NOW)
    assert outcome.due_at == NOW + HOUR
    outcome = advance(again(journey, outcome), Person(), NOW + HOUR)
    outcome = advance(again(journey, outcome), Person(), NOW + 2 * HOUR)

    assert seen == [1, 1, 1]
    assert finished(outcome)
    assert outcome.counts == [("a", "out")]


def test_after_the_last_try_it_has_failed() -> None:
    journey = enter(compiled({"a": Node(lambda _step: Fail("No."), options={"retries": 1, "rest": HOUR})}, []))
    outcome = advance(again(journey, advance(journey, Person(), NOW)), Person(), NOW + HOUR)

    assert outcome.ending == (Status.FAILED, "Node a: No.")


def test_a_port_with_several_edges_lets_them_go_both_ways() -> None:
    graph = compiled({"a": go, "w": stay(60), "b": go}, ["a -> w", "a -> b"])
    outcome = walk(graph, payload=5)

    assert path(outcome) == [("a", "out"), ("b", "out")]
    assert [(token.node, token.payload) for token in outcome.state.tokens] == [("w", 5)]
    assert outcome.ending is None


def test_an_end_ends_all_branches_and_what_they_wait_for() -> None:
    graph = compiled(
        {
            "a": go,
            "w": stay(events=(Awaited("x"),)),
            "v": stay(60, events=(Awaited("y"),)),
            "e": lambda _step: End(6, "No."),
        },
        ["a -> w", "a -> v", "v -> e"],
    )
    journey = enter(graph)
    waiting = advance(journey, Person(), NOW)
    outcome = advance(again(journey, waiting), Person(), secs(60))

    assert outcome.ending == (Status.FAILED, "No.")
    assert outcome.unwaiting == {1, 2}
    assert outcome.cancelled == {1}
    assert outcome.state.tokens == []


def test_a_branch_ends_and_the_run_with_the_last_of_them() -> None:
    def end(step: Step) -> Move:
        return End(Status.FINISHED, result={"by": step.node}, is_branch=True)

    journey = enter(compiled({"a": go, "w": stay(60), "e": end, "f": end}, ["a -> w", "w -> e", "a -> f"]))
    waiting = advance(journey, Person(), NOW)
    outcome = advance(again(journey, waiting), Person(), secs(60))

    assert (waiting.ending, waiting.state.result) == (None, {"by": "f"})
    assert (outcome.ending, outcome.state.result) == ((Status.FINISHED, ""), {"by": "e"})


def test_what_is_cancelled_before_it_was_written_is_not_written() -> None:
    sending = Node(lambda _step: Stay(None, sent=Sent(RUN, {}), child=Started("x"), events=(Awaited("y"),)))
    graph = compiled({"a": go, "s": sending, "e": lambda _step: End(2)}, ["a -> s", "a -> e"])
    outcome = walk(graph)

    assert finished(outcome)
    assert (outcome.deliveries, outcome.children, outcome.waits) == ([], [], [])


def test_runs_are_bounded() -> None:
    circle = compiled({"w": stay(0)}, ["w -> w"])
    steps = walk(compiled({"w": stay(0), "v": stay(0)}, ["w -> v", "v -> w"], max_steps=50))
    doubling = walk(compiled({"a": stay(0), "b": go}, ["a -> b", "a -> b", "b -> a"], max_steps=10_000))
    idle = walk(compiled({"a": lambda step: Stay(step.now)}, []))

    assert walk(circle).ending == (Status.FAILED, "It came to node w more than 100 times.")
    assert steps.ending == (Status.FAILED, "It took more than 50 steps.")
    assert doubling.ending is not None
    assert doubling.ending.status is Status.FAILED
    assert idle.ending == (Status.FAILED, "Node a says that it waits, and does not.")


def test_a_run_expires_whatever_it_waits_for() -> None:
    journey = enter(compiled({"w": stay(None)}, [], max_duration=timedelta(days=2)))
    waiting = advance(journey, Person(), NOW)
    outcome = advance(again(journey, waiting), Person(), NOW + timedelta(days=2))

    assert waiting.due_at == NOW + timedelta(days=2)
    assert outcome.ending == (Status.EXPIRED, "It was under way for 2 days.")


def test_only_so_much_of_the_path_is_kept() -> None:
    nodes = {f"n{n}": go for n in range(300)}
    outcome = walk(compiled(nodes, [f"n{n} -> n{n + 1}" for n in range(299)]))

    assert len(outcome.state.path) == 200
    assert outcome.state.path[-1][0] == "n299"


def test_whoever_has_not_consented_is_removed() -> None:
    graph = compiled({"w": stay(60)}, [], consents=("newsletter",))
    person = Person(consents={"newsletter": "given"})
    journey = enter(graph)
    waiting = advance(journey, person, NOW)
    person.consents["newsletter"] = "withdrawn"
    outcome = advance(again(journey, waiting), person, secs(1))

    assert waiting.ending is None
    assert outcome.ending == (Status.REMOVED, "The consent newsletter is not given.")


def test_nobody_has_no_profile_to_change() -> None:
    nobody = Person(profile_id=None)
    graph = compiled({"a": lambda _step: Go(changes=(Change("equals", "traits.x", 1),))}, [], consents=("newsletter",))
    outcome = walk(graph, nobody)

    assert outcome.ending == (Status.FAILED, "Node a: It is about nobody: there is no profile to change.")


def test_it_pauses_where_it_must_and_goes_on_from_there() -> None:
    answers = iter([False, False, True])
    journey = enter(compiled({"a": go, "b": go, "c": go}, ["a -> b", "b -> c"]))
    paused = advance(journey, Person(), NOW, must_pause=lambda: next(answers))
    outcome = advance(again(journey, paused), Person(), secs(1))

    assert (paused.due_at, paused.place, path(paused)) == (NOW, "c", [("a", "out"), ("b", "out")])
    assert path(outcome) == [("a", "out"), ("b", "out"), ("c", "out")]


def test_a_branch_that_leaves_who_waits_goes_on_in_a_worker() -> None:
    def background(step: Step) -> Move:
        return Stay(step.now, leaves_inline=True) if step.wake is None else Go()

    graph = compiled({"a": background, "b": go, "c": lambda _step: Go(response={"x": 1})}, ["a -> b", "a -> c"])
    journey = enter(
        compiled({"s": go, **{k: spot.run for k, spot in graph.spots.items()}}, ["s -> a", "s -> c", "a -> b"])
    )
    journey.is_inline = True
    inline = advance(journey, Person(), NOW)
    outcome = advance(again(journey, inline), Person(), secs(1))

    assert (inline.response, inline.due_at, inline.place) == ({"x": 1}, NOW, "a")
    assert path(outcome) == [("s", "out"), ("c", "out"), ("a", "out"), ("b", "out")]


def test_a_trace_says_what_came_in_went_out_and_went_wrong() -> None:
    def told(step: Step) -> Move:
        assert step.told is not None
        step.told["conditions"] = {"condition": True}
        return Go(payload=2, changes=(Change("equals", "traits.x", 1),))

    journey = enter(compiled({"a": told, "b": lambda _step: Fail("No.")}, ["a -> b"]), payload=1)
    journey.is_traced = True
    first, second = advance(journey, Person(), NOW).steps

    assert (first.node, first.port, first.error) == ("a", "out", "")
    assert first.told == {
        **{"input": 1, "output": 2, "conditions": {"condition": True}},
        "changes": [["equals", "traits.x", 1]],
    }
    assert (second.node, second.port, second.error) == ("b", "", "No.")


def test_people_go_on_in_a_later_version_at_their_next_node() -> None:
    old = compiled({"a": stay(60), "b": go, "c": go}, ["a -> b", "b -> c"])
    new = compiled({"a": go, "c": lambda _step: Go(memory={"new": 1})}, ["a -> c"], number=2)
    journey = enter(old)
    waiting = advance(journey, Person(), NOW)
    later = again(journey, waiting)
    later.successor = new
    outcome = advance(later, Person(), secs(60))

    assert outcome.compiled is new
    assert path(outcome) == [("a", "out"), ("b", "out"), ("c", "out")]
    assert outcome.state.memory["new"] == 1


def test_a_node_that_is_gone_stops_the_run() -> None:
    journey = enter(compiled({"a": stay(60)}, []))
    waiting = advance(journey, Person(), NOW)
    later = again(journey, waiting)
    later.compiled = compiled({"b": go}, [])

    assert advance(later, Person(), secs(60)).ending == (Status.EDITED, "There is no node a in this version.")


def test_the_state_is_written_and_read_back() -> None:
    graph = compiled({"a": go, "w": stay(60, kept=[1], events=(Awaited("x"),)), "v": stay()}, ["a -> w", "a -> v"])
    outcome = walk(graph, event={"type": "x"}, payload={"y": None}, memory={"m": 1})
    written = orjson.loads(orjson.dumps(state.write(outcome.state)))

    assert state.write(state.read(written)) == written
    assert written["tokens"][0] == {
        **{"id": 1, "node": "w", "payload": {"y": None}, "by": "a", "at": "2026-03-01T09:00:00+00:00", "visit": 1},
        "wait": {"until": "2026-03-01T09:01:00+00:00", "kept": [1], "rows": True},
    }


def test_a_time_that_has_come_and_an_event_are_told_in_their_order() -> None:
    seen: list[type] = []

    def fussy(step: Step) -> Move:
        seen.append(type(step.wake))
        return Stay(step.now + HOUR, events=(Awaited("x"),)) if step.wake is None or len(seen) < 3 else Go()

    journey = enter(compiled({"w": fussy}, []))
    waiting = advance(journey, Person(profile_id=PERSON), NOW)
    advance(again(journey, waiting), Person(), NOW + HOUR, Wakes({1: (Met(({},)), Skipped())}))

    assert seen == [type(None), Met, Skipped]
    assert TimedOut not in seen
