"""Laws of the engine, over graphs that nobody would draw: circles, forks, joins of all modes, waits, failures."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.flows.engine import advance
from apps.flows.engine import state as states
from apps.flows.engine.graph import Compiled, Goal, Joining, Rule
from apps.flows.engine.moves import (
    Ask,
    Awaited,
    Change,
    End,
    Fail,
    Go,
    Membership,
    Met,
    Move,
    Raised,
    Sent,
    Skipped,
    Started,
    Stay,
    Unanswered,
)
from apps.flows.engine.outcome import Journey, Outcome, Wakes
from apps.flows.engine.step import Step
from apps.flows.models import Run, Wait
from tests.flows.engine.graphs import NOW, RUN, Node, Person, compiled, enter
from tests.laws import examples

PORTS = ("out", "other", "error")
MAX_STEPS = 60
EVENT = {"type": "x", "properties": {"id": 7}}


def chance(step: Step, sides: int, salt: str = "") -> int:
    """Draw a number from what is the same whenever a node is asked again."""
    return hashlib.blake2b(f"{step.seed}{salt}".encode(), digest_size=2).digest()[0] % sides


def trace(step: Step) -> Any:
    return [*step.scope["memory"].get("trace", []), f"{step.node}:{step.visit}:{orjson.dumps(step.payload).decode()}"]


def leave(step: Step, **more: Any) -> Go:
    return Go(PORTS[chance(step, 2, "port")], memory={"trace": trace(step)}, **more)


def plain(step: Step) -> Move:
    return leave(step, payload={"by": step.node} if chance(step, 3) == 0 else None)


def change(step: Step) -> Move:
    return leave(
        step,
        changes=(Change("increment", "traits.n", step.scope["profile"]["traits"].get("n", 0) + 1),),
        memberships=(Membership(step.node, is_in=chance(step, 2) == 0),),
        raised=(Raised("y"),),
        sent=(Sent(RUN, {}),),
    )


def wait(step: Step) -> Move:
    """Wait for a time, or for events, now and then once more."""
    n = (step.kept or 0) + 1
    if step.wake is not None and (n > 2 or chance(step, 3) > 0 or isinstance(step.wake, Skipped)):
        return leave(step)
    events = (Awaited("x"),) if chance(step, 2, "events") else ()
    until = step.now + timedelta(minutes=chance(step, 5)) if not events or chance(step, 2, "until") else None
    return Stay(until, events=events, kept=n)


def send(step: Step) -> Move:
    if step.wake is None:
        return Stay(None, sent=Sent(RUN, {}), child=Started("other") if chance(step, 2) else None)
    return leave(step)


def ask(step: Step) -> Move:
    if step.answer is None:
        return Ask("limit", {"node": step.node}, kept=3)
    return leave(step, payload={"answer": step.answer, "kept": step.kept})


def hold(step: Step) -> Move:
    for name in ("first", "second"):
        if step.held is None or name not in step.held:
            raise Unanswered(name, Ask("holds", {"condition": name}))
    return leave(step, payload=dict(step.held or {}))


def fail(step: Step) -> Move:
    return leave(step) if step.visit % 3 == 0 else Fail("No.")


def break_down(step: Step) -> Move:
    raise ValueError(step.node)


def end(step: Step) -> Move:
    return End(Run.Status.FINISHED, result=step.visit, is_branch=chance(step, 4) > 0)


DONE = ("changes", "memberships", "emissions", "deliveries", "children", "goals", "counts", "cancelled")
RUNS: Sequence[Callable[[Step], Move]] = (plain, plain, change, wait, wait, send, ask, hold, fail, end)
JOININGS = (
    *(Joining("all"), Joining("all", timedelta(minutes=2)), Joining("any"), Joining("first")),
    Joining("key", None, lambda scope: scope["payload"]["by"], 2),
)
RULE = Rule(condition=lambda scope, _clock: scope["profile"]["traits"].get("n", 0) > 20)


@st.composite
def graphs(draw: st.DrawFn, *, breaks: bool = True) -> Compiled:
    n = draw(st.integers(2, 8))
    ids = [f"n{at}" for at in range(n)]
    nodes: dict[str, Node | Callable[[Step], Move]] = {}
    for id in ids:
        if draw(st.integers(0, 4)) == 0:
            nodes[id] = Node(plain, PORTS, draw(st.sampled_from(JOININGS)))
        else:
            run = draw(st.sampled_from(RUNS if not breaks else (*RUNS, break_down)))
            options = {"goes_on": draw(st.booleans()), "retries": draw(st.integers(0, 1)), "rest": timedelta(minutes=1)}
            nodes[id] = Node(run, PORTS, options=options)
    way = st.tuples(st.sampled_from(ids), st.sampled_from(PORTS), st.sampled_from(ids))
    ways = draw(st.lists(way, max_size=2 * n, unique=True))
    chain = [(ids[at], "out", ids[at + 1]) for at in range(n - 1) if draw(st.booleans())]
    edges = [f"{source}.{port} -> {target}" for source, port, target in dict.fromkeys([*chain, *ways])]
    goals = (Goal("g", "Goal", Rule("x"), timedelta(minutes=3), ends_run=draw(st.booleans())),)
    exits = (RULE,) if draw(st.booleans()) else ()
    return compiled(nodes, edges, exits=exits, goals=goals if draw(st.booleans()) else (), max_steps=MAX_STEPS)


@dataclass
class Story:
    """All that has become of a run from its beginning to its end."""

    person: Person = field(default_factory=Person)
    outcome: Outcome | None = None
    times: list[datetime] = field(default_factory=list)
    done: dict[str, list[Any]] = field(default_factory=dict)
    rows: set[Any] = field(default_factory=set)
    state: Any = None

    def take(self, outcome: Outcome) -> None:
        self.outcome = outcome
        for name in DONE:
            self.done.setdefault(name, []).extend(getattr(outcome, name))
        for name in ("deliveries", "children"):  # what is cancelled before it is planned never is
            self.done[name] = [each for each in self.done[name] if each.token not in outcome.cancelled]
        self.keep_rows(outcome)
        self.state = orjson.loads(orjson.dumps(states.write(outcome.state)))

    def keep_rows(self, outcome: Outcome) -> None:
        """Do to the rows of flows_wait what its runner does; of a run that is over, goals are waited for alone."""
        gone = outcome.rewaiting | outcome.unwaiting
        new = {(row.token, int(row.kind), row.type, row.expires_at) for row in outcome.waits}
        self.rows = {row for row in self.rows if row[0] not in gone} | new
        if outcome.ending:
            has_time = {row for row in self.rows if row[1] == Wait.Kind.GOAL and row[3]}
            self.rows = set() if outcome.state.goals else has_time

    @property
    def told(self) -> Any:
        assert self.outcome is not None
        return (
            *(self.outcome.ending, self.outcome.place, self.times, self.done, self.rows, self.state),
            *(self.person.traits, self.person.segments, self.person.setters),
        )


def answer(outcome: Outcome) -> Outcome:
    while outcome.question is not None:
        outcome = outcome.answered(outcome.question.visit % 2 == 0)
    return outcome


def live(graph: Compiled, pauses: Callable[[], bool] | None = None) -> Story:
    """Live through a run: whenever it waits, an event comes, or its time does."""
    story = Story()
    journey, now, wakes = enter(graph, event=EVENT), NOW, Wakes()
    for _ in range(400):
        outcome = answer(advance(journey, story.person, now, wakes, must_pause=pauses))
        story.take(outcome)
        if outcome.ending is not None:
            return story
        assert outcome.due_at is not None
        assert outcome.due_at >= now
        journey, wakes = Journey(RUN, graph, states.read(story.state)), Wakes()
        if outcome.due_at > now:  # else it was paused, and nothing has happened
            now = min(outcome.due_at, now + timedelta(seconds=40))
            story.times.append(now)
            wakes = happenings(journey, story.rows, len(story.times))
    raise AssertionError(f"It does not end: {story.state}")


def happenings(journey: Journey, rows: set[Any], n: int) -> Wakes:
    """Say what has happened before somebody goes on for the nth time."""
    listening = {row[0] for row in rows if row[1] == Wait.Kind.EVENT}
    tokens: dict[int, Any] = {}
    if n % 2:
        tokens = {token.id: (Skipped(),) for token in journey.state.tokens if token.wait and not token.wait.until}
        tokens |= {id: (Met((EVENT,)),) for id in sorted(listening)}
    has_goals = n % 3 == 0 and any(row[1] == Wait.Kind.GOAL for row in rows)
    return Wakes(tokens, (EVENT,) if has_goals else ())


@settings(max_examples=examples(150, nightly=5_000), deadline=None)
@given(graphs())
def test_every_run_ends_within_its_limits_and_the_same_whoever_walks_it(graph: Compiled) -> None:
    story = live(graph)

    assert story.told == live(graph).told
    assert story.outcome is not None
    assert story.outcome.state.n_steps <= MAX_STEPS + 1
    assert max(story.outcome.state.visits.values(), default=0) <= 101
    assert story.outcome.state.tokens == []
    assert story.outcome.state.joins == {}
    assert story.outcome.due_at is None
    left = [(node, port) for node, port in story.done["counts"] if port]
    assert len(left) <= story.outcome.state.n_steps
    assert len(story.outcome.state.path) <= states.MAX_PATH


@settings(max_examples=examples(150, nightly=5_000), deadline=None)
@given(graphs(), st.data())
def test_a_run_that_is_paused_anywhere_becomes_what_it_would_have_become(graph: Compiled, data: st.DataObject) -> None:
    pauses = iter(data.draw(st.lists(st.booleans(), max_size=80)))

    assert live(graph, lambda: next(pauses, False)).told == live(graph).told


@settings(max_examples=examples(40, nightly=1_000), deadline=None)
@given(graphs(), st.integers(2, 6))
def test_many_runs_of_a_version_become_what_each_would_have_become(graph: Compiled, n: int) -> None:
    journeys = [enter(graph, event=EVENT, payload=at) for at in range(n)]
    people = [Person() for _ in journeys]
    together = [advance(journey, person, NOW) for journey, person in zip(journeys, people, strict=True)]
    while any(outcome.question for outcome in together):  # all questions of a round are answered at once
        together = [outcome.answered(answer=True) if outcome.question else outcome for outcome in together]

    for at, (outcome, person) in enumerate(zip(together, people, strict=True)):
        alone = Person()
        other = advance(enter(graph, event=EVENT, payload=at), alone, NOW)
        while other.question:
            other = other.answered(answer=True)
        assert (states.write(outcome.state), outcome.ending, outcome.counts, outcome.waits) == (
            *(states.write(other.state), other.ending, other.counts),
            other.waits,
        )
        assert person == alone
