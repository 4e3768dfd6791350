"""Runs of a batch are advanced in memory: those of one person one by one; what is asked is answered together."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from typing import ClassVar, Final, NamedTuple
from uuid import UUID

from apps.flows.engine.advancing import advance
from apps.flows.engine.graph import Compiled
from apps.flows.engine.outcome import Journey, Outcome, Wakes
from apps.flows.engine.state import State
from apps.flows.models import Run
from apps.flows.runs import answers
from apps.flows.runs.answers import Asked
from apps.flows.runs.loading import Batch, wakes_of
from apps.flows.runs.subjects import Nobody, Person

BATCH_SECS: Final = 5.0  # a lease lasts four times as long
RUN_SECS: Final = 2.0
_NO_WAKES: Final = Wakes()


class Traveller(NamedTuple):
    """A run that can go on."""

    run: Run
    compiled: Compiled
    subject: Person | Nobody
    state: State  # which is taken over


Line = deque[Traveller]  # of runs of one person


class Pace:
    """How long runs may take, all together and each: people are locked meanwhile, and others wait for them."""

    is_inline: ClassVar = False

    def __init__(self) -> None:
        self._until = perf_counter() + BATCH_SECS

    @property
    def is_over(self) -> bool:
        """Whether no further run is begun with."""
        return perf_counter() > self._until

    def must_pause(self, _compiled: Compiled) -> Callable[[], bool]:
        """Return what tells whether a run of a version, which begins now, has taken long enough."""
        until = min(self._until, perf_counter() + RUN_SECS)
        return lambda: perf_counter() > until

    def settled(self, outcome: Outcome) -> Outcome:
        """See to what is not to be asked of the database."""
        return outcome


@dataclass(frozen=True, slots=True)
class Haste(Pace):
    """Somebody waits for an answer: how long runs may take, and what is not asked before the batch is stored."""

    is_inline: ClassVar = True
    is_over: ClassVar = False  # each is begun with: its row is made of what has become of it

    began: float  # by the clock that `perf_counter` reads
    barred: frozenset[str]  # kinds of questions that are not asked now

    def must_pause(self, compiled: Compiled) -> Callable[[], bool]:
        """Return what tells whether a run of a version has taken long enough."""
        until = self.began + compiled.inline_budget.total_seconds()
        return lambda: perf_counter() > until

    def settled(self, outcome: Outcome) -> Outcome:
        """Put off what cannot be answered now."""
        question = outcome.question
        return outcome.put_off() if question and question.ask.kind in self.barred else outcome


def walk(batch: Batch, going: Iterable[Traveller], pace: Pace) -> list[tuple[Run, Outcome]]:
    """Advance runs until each waits or is over, and return those with which the time sufficed to begin.

    Each run of somebody sees what those before it have done: those of flows that come first come first, then older
    ones. So one that asks something holds up those behind it, and nobody else.
    """
    lines = _lines(batch, going)
    done: list[tuple[Run, Outcome]] = []
    waiting = lines
    while waiting:
        reached = [(line, _until_asked(line, batch, done, pace)) for line in waiting]
        asking = [(line, outcome) for line, outcome in reached if outcome is not None]
        waiting = [line for line in _answered(asking, batch, done, pace) if line]
    return done


def _lines(batch: Batch, going: Iterable[Traveller]) -> list[Line]:
    lines: dict[UUID, list[Traveller]] = {}
    for each in going:
        lines.setdefault(each.run.profile_id or each.run.id, []).append(each)
    for line in lines.values():
        if len(line) > 1:
            line.sort(key=lambda each: (-batch.standings[each.run.version_id].priority, each.run.id))
    return [deque(line) for line in lines.values()]


def _until_asked(line: Line, batch: Batch, done: list[tuple[Run, Outcome]], pace: Pace) -> Outcome | None:
    """Advance one run after the other, and return what has become of the one that asks something; it stays first."""
    while line and not pace.is_over:
        outcome = _advance(line[0], batch, pace)
        if outcome.question:
            return outcome
        done.append((line.popleft().run, outcome))
    return None


def _advance(going: Traveller, batch: Batch, pace: Pace) -> Outcome:
    run, compiled, subject, stands = going
    journey = Journey(
        run_id=run.id,
        compiled=compiled,
        state=stands,
        session=batch.sessions.get(run.session_id) if run.session_id else None,
        behind=run.behind,
        due_at=_due_at(run, stands, batch),
        successor=batch.successor(run),
        is_inline=pace.is_inline,
        is_traced=run.is_traced,
    )
    waits, now = batch.waits.get(run.id), batch.now - run.behind
    wakes = wakes_of(waits) if waits else _NO_WAKES
    if run.id in batch.missed:
        wakes = replace(wakes, events=(*batch.missed[run.id], *wakes.events))
    return pace.settled(advance(journey, subject, now, wakes, must_pause=pace.must_pause(compiled)))


def _due_at(run: Run, stands: State, batch: Batch) -> datetime | None:
    """Return when a run was to go on, by the engine's time: one that takes its first step as soon as it had begun."""
    due_at = batch.late_since.get(run.id)
    if due_at is None:
        return None
    return (due_at if stands.n_steps else run.started_at) - run.behind


def _answered(
    asking: list[tuple[Line, Outcome]], batch: Batch, done: list[tuple[Run, Outcome]], pace: Pace
) -> list[Line]:
    """Answer what is asked, round after round, until none of these runs asks any more; return their lines."""
    lines = [line for line, _ in asking]
    while asking:
        told = answers.answer([_asked(line, outcome, batch) for line, outcome in asking])
        still: list[tuple[Line, Outcome]] = []
        for (line, outcome), answer in zip(asking, told, strict=True):
            after = pace.settled(outcome.put_off() if answer is answers.LATER else outcome.answered(answer))
            if after.question:
                still.append((line, after))
            else:
                done.append((line.popleft().run, after))
        asking = still
    return lines


def _asked(line: Line, outcome: Outcome, batch: Batch) -> Asked:
    assert outcome.question
    return Asked(line[0].run, line[0].subject, outcome.question, outcome.compiled, batch.now, batch.allowances)
