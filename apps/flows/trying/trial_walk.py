"""Somebody is led through a flow: waits are answered, the clock moves along, and all of it is taken back at the end.

What nodes ask of the database is answered by what answers runs, in a transaction that is rolled back: so a limiter
counts whom the trial has let through, a record is found that it has saved, and nobody else ever sees any of it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from time import perf_counter
from typing import Any, Final

import orjson
from django.db import connection, transaction

from apps.core.fetch import new
from apps.core.mistakes import DefinitionError
from apps.flows.engine import state
from apps.flows.engine.advancing import advance
from apps.flows.engine.graph import Compiled
from apps.flows.engine.outcome import Journey, Outcome, Question, Wakes
from apps.flows.models import Flow, Run
from apps.flows.runs import answers
from apps.flows.runs.answers import Asked
from apps.flows.runs.subjects import Person
from apps.flows.trying import beginnings, pinning, told
from apps.flows.trying.beginnings import Beginning
from apps.flows.trying.happening import Happening, Waits
from apps.flows.trying.told import StepTold, Tried
from apps.flows.trying.trials import Trial

MAX_STEPS: Final = 300
MAX_SECS: Final = 5.0
WAITING, LIMIT = "waiting", "limit"
LOCKED: Final = "55P03"  # by which PostgreSQL says that it did not get a lock in time
_TOO_MUCH: Final = f"It took more than {MAX_STEPS} steps, or {MAX_SECS:.0f} seconds: a trial ends there."
# Less than after what time PostgreSQL looks for a circle: a trial that waits for workers gives up, and not they.
_PATIENCE: Final = "SET LOCAL lock_timeout = '500ms'"

# What is known of other people than whom it is tried on: whoever may not see people is told that there is nothing.
_OF_OTHERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "people": lambda _about: [],
    "shared": lambda _about: {},
    "share": lambda about: {"value": about.get("value")},
}


def try_out(
    row: Flow,
    trial: Trial,
    *,
    now: datetime,
    sees_people: bool,
    document: Mapping[str, Any] | None = None,
    number: int | None = None,
) -> Tried:
    """Try a definition of a flow, its draft unless another one is named; nothing stays of it.

    On whom it is tried the caller has allowed.

    Raises Problems for a definition that cannot be compiled, DefinitionError for a trial that cannot begin, and
    OperationalError where somebody else holds for long what a limiter counts.
    """
    with transaction.atomic():
        try:
            with connection.cursor() as cursor:
                cursor.execute(_PATIENCE)
            compiled = pinning.compiled(row, row.draft if document is None else document, number, trial)
            beginning = beginnings.begin(row, trial, now=now)
            return _Walk(row, compiled, beginning, trial, number, hidden={} if sees_people else _OF_OTHERS).walk()
        except OverflowError:
            raise DefinitionError("now", "It would come to a time beyond all calendars.") from None
        finally:
            transaction.set_rollback(True)


class _Walk:
    """Somebody on their way through a trial."""

    def __init__(
        self,
        row: Flow,
        compiled: Compiled,
        beginning: Beginning,
        trial: Trial,
        number: int | None,
        *,
        hidden: Mapping[str, Callable[[Any], Any]],
    ) -> None:
        self._hidden = hidden
        self._compiled, self._beginning, self._number = compiled, beginning, number
        self._now, self._person = beginning.now, beginning.person
        self._run = new(
            Run,
            id=beginning.run_id,
            flow_id=row.pk,
            profile_id=self._person.profile_id,
            original_profile_id=beginning.raw_id,
            started_at=beginning.now,
            state={},
        )
        begun = state.fresh(
            compiled.start.id,
            began=beginning.now,
            event=beginning.event,
            payload=beginning.payload,
            memory=trial.memory,
        )
        self._state = state.write(begun)
        self._waits = Waits(trial)
        self._steps: list[StepTold] = []
        self._goals: list[str] = []
        self._response: dict[str, Any] = {}
        self._ux: list[Mapping[str, Any]] = []
        self._until = perf_counter() + MAX_SECS

    def walk(self) -> Tried:
        """Lead them to the end, or as far as it goes."""
        outcome = self._advance(Wakes())
        while outcome.ending is None and not self._must_pause():
            happening = self._waits.next(outcome.state.tokens, self._now)
            if happening is None:
                return self._told(outcome, WAITING, "")
            self._now = max(self._now, happening.at)
            self._note(happening)
            outcome = self._advance(happening.wakes)
        if outcome.ending is None:
            return self._told(outcome, LIMIT, _TOO_MUCH)
        return self._told(outcome, outcome.ending.status.name.lower(), outcome.ending.reason)

    def _must_pause(self) -> bool:
        return len(self._steps) >= MAX_STEPS or perf_counter() > self._until

    def _advance(self, wakes: Wakes) -> Outcome:
        """Go on as a worker does: from what is stored."""
        journey = Journey(
            run_id=self._run.id,
            compiled=self._compiled,
            state=state.read(orjson.loads(orjson.dumps(self._state))),
            session=self._beginning.session,
            is_inline=self._compiled.answers_inline and not self._steps,
            is_traced=True,
        )
        n_more = MAX_STEPS - len(self._steps)

        def must_pause() -> bool:
            nonlocal n_more
            n_more -= 1
            return n_more < 0 or perf_counter() > self._until

        outcome = advance(journey, self._person, self._now, wakes, must_pause=must_pause)
        while outcome.question is not None:
            outcome = outcome.answered(self._answer(outcome.question))
        self._take(outcome)
        return outcome

    def _answer(self, question: Question) -> Any:
        hidden = self._hidden.get(question.ask.kind)
        if hidden is not None:
            return hidden(question.ask.about)
        asked = Asked(self._run, self._person, question, self._compiled, self._now, held=set())
        [answer] = answers.answer([asked])
        return answer

    def _take(self, outcome: Outcome) -> None:
        steps = told.steps(outcome)
        self._state = state.write(outcome.state)
        self._waits.take(outcome, steps)
        self._steps += steps
        self._goals += outcome.goals
        self._response.update(outcome.response)
        self._ux += outcome.ux

    def _note(self, happening: Happening) -> None:
        """Write down what has ended a wait, at the step that began it."""
        for step in reversed(self._steps):
            if step.wait and (step.node, step.visit) == (happening.node, happening.visit):
                step.wait.ended_at, step.wait.ended_by = self._now, happening.by
                step.wait.is_assumed = happening.is_assumed
                return

    def _told(self, outcome: Outcome, end: str, reason: str) -> Tried:
        person, stood = self._person, outcome.state
        last = self._steps[-1].output if self._steps else None
        return Tried(
            version=self._number,
            began_at=self._beginning.now,
            ended_at=self._now,
            profile_id=self._beginning.raw_id,
            end=end,
            reason=reason,
            place=outcome.place,
            path=[f"{node}.{port}" if port else str(node) for node, port, _ in stood.path],
            steps=self._steps,
            memory=stood.memory,
            result=stood.result,
            entered=sorted(person.entered) if isinstance(person, Person) else [],
            left=sorted(person.left) if isinstance(person, Person) else [],
            goals=self._goals,
            response=self._response,
            ux=self._ux,
            unused_answers=self._waits.unused,
            scope={
                **{"profile": {}, **person.scope},
                **{"event": stood.event or {}, "session": self._beginning.session or {}},
                **{"memory": stood.memory, "payload": last},
            },
        )
