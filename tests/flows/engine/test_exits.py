"""Exits and goals are judged by events as they come, and by the person before each step."""

from datetime import timedelta

import pytest

from apps.flows.engine import advance
from apps.flows.engine.graph import Goal, Rule
from apps.flows.engine.moves import Change, Failure, Go, Move, Stay
from apps.flows.engine.outcome import Outcome, Wakes
from apps.flows.engine.step import Step
from apps.flows.models import Run, Wait
from tests.flows.engine.graphs import NOW, Person, again, compiled, enter, go, secs, walk

HOUR = timedelta(hours=1)
Status = Run.Status


def stay(step: Step) -> Move:
    return Go() if step.wake else Stay(step.now + HOUR)


def test_exits_and_goals_are_judged_by_events_as_they_come() -> None:
    exit_rule = Rule("purchase", {"properties.order_id": lambda scope: scope["event"]["properties"]["order_id"]})
    graph = compiled({"w": stay}, [], exits=(exit_rule,))
    journey = enter(graph, event={"type": "checkout", "properties": {"order_id": 7}})
    waiting = advance(journey, Person(), NOW)

    def met(order: object) -> Outcome:
        event = {"type": "purchase", "properties": {"order_id": order}}
        return advance(again(journey, waiting), Person(), secs(1), Wakes(events=(event,)))

    assert waiting.waits == [(0, Wait.Kind.EXIT, "purchase", {"properties.order_id": "7"}, None)]
    assert met(8).ending is None
    assert met("7").ending == (Status.EXITED, "The event purchase came.")


def test_a_goal_that_ends_nothing_is_noted_once_and_may_outlive_the_run() -> None:
    goal = Goal("g", "Bought", Rule("purchase"), within=HOUR, ends_run=False)
    graph = compiled({"w": stay}, [], goals=(goal,))
    journey = enter(graph)
    waiting = advance(journey, Person(), NOW)
    wakes = Wakes(events=({"type": "purchase"}, {"type": "purchase"}))
    reached = advance(again(journey, waiting), Person(), secs(30), wakes)
    missed = advance(again(journey, waiting), Person(), NOW + 2 * HOUR, wakes)
    at_once = walk(compiled({"a": go}, [], goals=(goal,)))

    assert waiting.waits == at_once.waits == [(0, Wait.Kind.GOAL, "purchase", None, NOW + HOUR)]
    assert (reached.goals, reached.state.goals, reached.ending) == (["g"], {"g": secs(30)}, None)
    assert missed.goals == []


@pytest.mark.parametrize(
    ("minutes", "counts"), [(-60 * 24 * 700, False), (-6, False), (-5, True), (0, True), (60, True), (61, False)]
)
def test_an_event_counts_for_a_goal_by_when_it_happened_however_late_it_comes(minutes: int, counts: bool) -> None:
    """What started the run came five minutes late itself; who bought before that had another reason."""
    graph = compiled({"w": stay}, [], goals=(Goal("g", "Bought", Rule("purchase"), within=HOUR),))
    journey = enter(graph, event={"type": "checkout", "time": (NOW - timedelta(minutes=5)).isoformat()})
    waiting = advance(journey, Person(), NOW)
    bought = {"type": "purchase", "time": (NOW + timedelta(minutes=minutes)).isoformat()}

    outcome = advance(again(journey, waiting), Person(), NOW + 2 * HOUR, Wakes(events=(bought,)))

    assert outcome.goals == (["g"] if counts else [])


def test_a_goal_comes_before_an_exit_and_ends_the_run() -> None:
    graph = compiled({"w": stay}, [], goals=(Goal("g", "Bought", Rule("purchase")),), exits=(Rule("purchase"),))
    journey = enter(graph)
    waiting = advance(journey, Person(), NOW)
    outcome = advance(again(journey, waiting), Person(), secs(1), Wakes(events=({"type": "purchase"},)))

    assert outcome.ending == (Status.GOAL, "Bought")


def test_rules_of_the_person_are_judged_before_each_step() -> None:
    rule = Rule(condition=lambda scope, _clock: scope["profile"]["traits"].get("plan") == "pro")
    graph = compiled(
        {"a": go, "b": lambda _step: Go(changes=(Change("equals", "traits.plan", "pro"),)), "c": go},
        ["a -> b", "b -> c"],
        exits=(rule,),
    )
    outcome = walk(graph)

    assert [each[:2] for each in outcome.state.path] == [["a", "out"], ["b", "out"]]
    assert outcome.ending == (Status.EXITED, "What it asks for held.")


def test_a_rule_whose_match_cannot_be_worked_out_is_met_by_nothing_and_ends_no_run() -> None:
    def fails(_scope: object) -> object:
        raise Failure("It reckons with what is no number.")

    rule = Rule("purchase", {"properties.a": fails})
    graph = compiled({"w": stay}, [], exits=(rule,), goals=(Goal("g", "Bought", rule),))
    journey = enter(graph)
    waiting = advance(journey, Person(), NOW)
    after = advance(again(journey, waiting), Person(), secs(1), Wakes(events=({"type": "purchase"},)))

    assert (waiting.waits, after.ending, after.goals) == ([], None, [])
