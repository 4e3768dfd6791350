"""One run of a simulation: it waits, is met by what was stored, and its time comes; nothing of it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from apps.conditions.type_names import event_types
from apps.flows.engine import exits, state
from apps.flows.engine.advancing import advance
from apps.flows.engine.graph import Compiled
from apps.flows.engine.matching import matches
from apps.flows.engine.moves import Delivered, Met, Returned, Wake
from apps.flows.engine.outcome import Awaiting, Journey, Outcome, Wakes
from apps.flows.engine.state import State
from apps.flows.models import Run, Wait
from apps.flows.runs.subjects import Nobody
from apps.flows.simulating.known_people import Somebody
from apps.flows.simulating.past_answers import Answers, Asker
from apps.profiles import consents

_RULES: Final = (Wait.Kind.EXIT, Wait.Kind.GOAL)
_NO_WAKES: Final = Wakes()


@dataclass(slots=True, eq=False)
class Begun:
    """How somebody entered."""

    at: datetime
    event: Mapping[str, Any] | None
    event_id: UUID | None
    event_type: str
    payload: Any = None
    session: Mapping[str, Any] | None = None


@dataclass(slots=True, eq=False)
class Life:
    """A run."""

    compiled: Compiled
    begun: Begun
    asker: Asker
    due_at: datetime | None  # null: it has ended
    state: State
    rows: list[Awaiting] = field(default_factory=list)
    has_ended: bool = False
    is_new: bool = True
    sent: set[str] = field(default_factory=set)  # the keys of its deliveries: a visit that is tried again sends once

    @property
    def subject(self) -> Somebody | Nobody:
        """Whom it is about."""
        return self.asker.subject

    @property
    def waits_after_end(self) -> bool:
        """Tell whether it may still reach a goal."""
        return self.has_ended and bool(self.rows)

    def hear(self, type: str, event: Mapping[str, Any], at: datetime) -> bool:
        """Tell whether an event meets anything that it waits for."""
        return any(_is_met(row, type, event, at) for row in self.rows)

    def advance(self, answers: Answers, *, now: datetime, event: Mapping[str, Any] | None = None) -> Iterator[Outcome]:
        """Go on, as an event has come or by the clock, and on from all that is sent, which arrives at once."""
        wakes = self._wakes(event, now) if event else _NO_WAKES
        if self.has_ended:
            yield self._judge(wakes, now)
            return
        while True:
            outcome = self._advance(answers, now, wakes)
            yield outcome
            wakes = Wakes(self._arrived(outcome))
            if outcome.ending is not None or not wakes:
                return

    def _advance(self, answers: Answers, now: datetime, wakes: Wakes) -> Outcome:
        journey = Journey(
            run_id=self.asker.run_id,
            compiled=self.compiled,
            state=self.state,
            session=self.begun.session,
            is_inline=self.compiled.answers_inline and self.is_new,
        )
        outcome = advance(journey, self.subject, now, wakes)
        while outcome.question is not None:
            outcome = outcome.answered(answers.answer(self.asker, outcome.question, now=now))
        self._take(outcome)
        return outcome

    def _take(self, outcome: Outcome) -> None:
        anew = outcome.rewaiting | outcome.unwaiting
        self.rows = [each for each in self.rows if each.token not in anew] + outcome.waits
        if self.is_new and self.compiled.consents and outcome.ending is None:
            # That one is withdrawn ends the run at once, and not at its next step.
            self.rows += [Awaiting(0, Wait.Kind.EXIT, type, None) for type in sorted(consents.EVENT_TYPES)]
        self.is_new, self.due_at = False, outcome.due_at
        for token in outcome.state.tokens:  # what no row keeps
            token.since = token.took = None
        if outcome.ending is not None:
            self.has_ended, self.due_at = True, None
            self.rows = [row for row in self.rows if row.kind == Wait.Kind.GOAL and row.expires_at]

    @staticmethod
    def _arrived(outcome: Outcome) -> dict[int, tuple[Wake, ...]]:
        """Say whom wakes what was sent, which has arrived, and flows that were called, which have ended."""
        found: dict[int, tuple[Wake, ...]] = {}
        for planned in outcome.deliveries:
            if planned.token is not None:
                found[planned.token] = (Delivered("delivered", None),)
        for child in outcome.children:
            if child.token is not None:
                found[child.token] = (Returned(Run.Status.FINISHED, None),)
        return found

    def _wakes(self, event: Mapping[str, Any], at: datetime) -> Wakes:
        """Say whom an event wakes, as the pipeline does."""
        met = [row for row in self.rows if _is_met(row, event["type"], event, at)]
        tokens = {row.token: (Met((event,)),) for row in met if row.kind not in _RULES}
        return Wakes(tokens, (event,) if any(row.kind in _RULES for row in met) else ())

    def _judge(self, wakes: Wakes, now: datetime) -> Outcome:
        """Say which goals the run, which is over, has reached all the same."""
        outcome = Outcome(self.state, self.compiled)
        scope = {
            **{"profile": {}, **self.subject.scope},
            **{"session": self.begun.session or {}, "event": self.state.event or {}, "payload": None},
            **{"memory": self.state.memory, "flow": {"key": self.compiled.flow, "version": self.compiled.number}},
        }
        for event in wakes.events:
            for goal in exits.reached(self.compiled, self.state, scope, now, event):
                self.state.goals[goal.id] = now
                outcome.goals.append(goal.id)
        self.rows = [row for row in self.rows if row.expires_at and row.expires_at >= now]
        if outcome.goals and not [goal for goal in self.compiled.goals if goal.id not in self.state.goals]:
            self.rows = []
        return outcome


def begin(compiled: Compiled, begun: Begun, asker: Asker) -> Life:
    """Let somebody enter; they have not taken a step yet."""
    fresh = state.fresh(compiled.start.id, began=begun.at, event=begun.event, payload=begun.payload)
    return Life(compiled, begun, asker, begun.at, fresh)


def _is_met(row: Awaiting, type: str, event: Mapping[str, Any], at: datetime) -> bool:
    if row.type != Wait.ANYTHING and type not in _types(row.type):
        return False
    if row.expires_at is not None and at > row.expires_at:
        return False
    return row.match is None or matches(row.match, event)


@lru_cache(maxsize=1_000)
def _types(name: str) -> frozenset[str]:
    return frozenset(event_types([name]))
