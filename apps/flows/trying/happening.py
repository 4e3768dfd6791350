"""What happens next to whoever waits in a trial: what somebody said, or else that their time comes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.conditions.type_names import event_types
from apps.flows.engine.matching import matches
from apps.flows.engine.moves import Delivered, Met, Returned, Skipped, Wake
from apps.flows.engine.outcome import Awaiting, Outcome, Wakes
from apps.flows.engine.state import Token
from apps.flows.models import Run, Wait
from apps.flows.trying.beginnings import made_event
from apps.flows.trying.told import StepTold
from apps.flows.trying.trials import Answer, Trial

_RULES: Final = (Wait.Kind.EXIT, Wait.Kind.GOAL)
TIME, EVENT, DELIVERY, FLOW, SKIPPED = "time", "event", "delivery", "flow", "skipped"


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens, when, and to whom."""

    at: datetime
    node: str
    visit: int
    by: str
    wakes: Wakes = Wakes()  # noqa: RUF009 - it is frozen, and empty
    is_assumed: bool = False
    answer: int | None = None  # its place in what was asked


class Waits:
    """What is waited for, and which answers there are to it."""

    def __init__(self, trial: Trial) -> None:
        self._answers = dict(enumerate(trial.answers))
        self._stops = trial.stops_at_waits
        self._rows: list[Awaiting] = []
        self._sent: set[int] = set()  # tokens whose delivery is waited for
        self._started: set[int] = set()  # tokens whose sub-flow is

    @property
    def unused(self) -> list[int]:
        """List the places of answers that nobody has waited for."""
        return sorted(self._answers)

    def take(self, outcome: Outcome, steps: Iterable[StepTold]) -> None:
        """Note what is waited for after an advance, and tell it at the steps that began it."""
        anew = outcome.rewaiting | outcome.unwaiting
        self._rows = [each for each in self._rows if each.token not in anew] + outcome.waits
        self._sent = (self._sent - outcome.unwaiting) | {each.token for each in outcome.deliveries if each.token}
        self._started = (self._started - outcome.unwaiting) | {each.token for each in outcome.children if each.token}
        standing = {(token.node, token.visit): token.id for token in outcome.state.tokens if token.wait}
        for step in steps:
            if step.wait:
                step.wait.events = self._events_of(standing.get((step.node, step.visit)))

    def _events_of(self, token: int | None) -> list[dict[str, Any]]:
        """Tell for which events a token waits; None: it is gone."""
        rows = [each for each in self._rows if token is not None and each.token == token]
        return [{"type": each.type, "match": dict(each.match) if each.match else None} for each in rows]

    def next(self, tokens: Sequence[Token], now: datetime) -> Happening | None:
        """Say what happens first, and use its answer up; None where nothing more does."""
        found = [each for token in tokens if token.wait and (each := self._of(token, now))]
        if not found:
            return None
        first = min(found, key=lambda each: each.at)
        if first.answer is not None:
            del self._answers[first.answer]
        return first

    def _of(self, token: Token, now: datetime) -> Happening | None:
        wait = token.wait
        assert wait
        place = next((place for place, each in self._answers.items() if _is_for(each, token)), None)
        until = Happening(wait.until, token.node, token.visit, TIME) if wait.until else None
        if place is not None:
            answered = self._answered(token, self._answers[place], place, now)
            return until if until and until.at < answered.at else answered
        if wait.reason:  # the engine itself lets them wait: for another try, or for other branches
            return until
        if self._stops:
            return None
        return until or self._assumed(token, now)

    def _answered(self, token: Token, answer: Answer, place: int, now: datetime) -> Happening:
        at = answer.at or (((token.at or now) + answer.after) if answer.after is not None else now)
        at = max(at, now)
        wakes, by = Wakes(), TIME
        if answer.event is not None:
            wakes, by = self._wakes_by(made_event(answer.event, at, name=f"answer {place}")), EVENT
        elif answer.delivery is not None:
            said = answer.delivery
            wakes, by = _wake(token, Delivered(said["outcome"], said.get("answer"), said.get("error") or "")), DELIVERY
        elif answer.returns is not None:
            wakes, by = _wake(token, _returned(answer.returns)), FLOW
        elif answer.is_skipped:
            wakes, by = _wake(token, Skipped()), SKIPPED
        elif token.wait and token.wait.until:
            at = max(token.wait.until, now)
        return Happening(at, token.node, token.visit, by, wakes, answer=place)

    def _assumed(self, token: Token, now: datetime) -> Happening:
        """Let what nobody has said go well; who waits for an event without end waits no longer."""
        wake: Wake = Skipped()
        by = SKIPPED
        if token.id in self._sent:
            wake, by = Delivered("delivered", None), DELIVERY
        elif token.id in self._started:
            wake, by = Returned(Run.Status.FINISHED, None), FLOW
        return Happening(now, token.node, token.visit, by, _wake(token, wake), is_assumed=True)

    def _wakes_by(self, event: dict[str, Any]) -> Wakes:
        """Say whom an event wakes, as the pipeline does."""
        met = [
            each
            for each in self._rows
            if (each.type == Wait.ANYTHING or event.get("type") in event_types([each.type]))
            and matches(each.match or {}, event)
        ]
        tokens = {each.token: (Met((event,)),) for each in met if each.kind not in _RULES}
        return Wakes(tokens, (event,) if any(each.kind in _RULES for each in met) else ())


def _is_for(answer: Answer, token: Token) -> bool:
    return answer.node == token.node and answer.visit in (None, token.visit)


def _wake(token: Token, wake: Wake) -> Wakes:
    return Wakes({token.id: (wake,)})


def _returned(said: Any) -> Returned:
    return Returned(Run.Status[said["status"].upper()], said.get("payload"), said.get("reason") or "")
