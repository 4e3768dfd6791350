"""Somebody goes through a flow, in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from apps.flows.definition.compiled import made_of
from apps.flows.definition.making import Identity
from apps.flows.definition.shape import read
from apps.flows.engine import advancing, changes, state
from apps.flows.engine.matching import matches
from apps.flows.engine.moves import (
    Ask,
    Change,
    Delivered,
    Membership,
    Met,
    Raised,
    Returned,
    Sent,
    Skipped,
    Started,
    Wake,
)
from apps.flows.engine.outcome import Awaiting, Journey, Outcome, Wakes
from apps.flows.engine.step import Setter
from apps.flows.models import Run, Wait
from apps.flows.testing.visiting import NOON, PROFILE, RUN
from apps.profiles.models import Profile
from apps.segments import language

Answers = Mapping[str, Any | Callable[[Any], Any]]
_RULES = (Wait.Kind.EXIT, Wait.Kind.GOAL)


class Person:
    """The person of a story: a profile that is not stored, and changed as in a run."""

    def __init__(self, profile: Profile, segments: Sequence[str], zone: str) -> None:
        self.profile, self.segments, self.zone = profile, set(segments), zone
        self.profile_id = profile.id

    @property
    def scope(self) -> Mapping[str, Any]:
        """What conditions and templates read."""
        return language.document_of(self.profile, self.segments)

    def change(self, told: Sequence[Change], setter: Setter, now: datetime) -> None:
        """Change the profile."""
        changes.apply(self.profile, told, setter=setter, now=now)

    def say(self, types: Collection[str]) -> None:
        """Let any event be raised."""

    def join(self, memberships: Sequence[Membership], setter: Setter, now: datetime) -> None:
        """Enter segments, and leave them."""
        for each in memberships:
            (self.segments.add if each.is_in else self.segments.discard)(each.segment)


class Story:
    """A run, from one thing that happens to the next; between these it is stored as JSON, as by a worker."""

    def __init__(
        self, document: Mapping[str, Any], person: Person, journey: Mapping[str, Any], answers: Answers, now: datetime
    ) -> None:
        self.person, self.now, self.answers = person, now, answers
        self._journey = journey
        self._compiled = made_of(read(document), Identity("flow", "Flow", number=1))
        begun = state.fresh(self._compiled.start.id, began=now, event=journey.get("event"))
        self._state = state.write(begun)
        self._waits: list[Awaiting] = []
        self.sent: list[Sent] = []
        self.raised: list[Raised] = []
        self.started: list[Started] = []
        self.response: dict[str, Any] = {}
        self.ux: list[Mapping[str, Any]] = []
        self.asked: list[Ask] = []
        self.goals: list[str] = []
        self._n_events = 0
        self._waiting_for: list[int] = []  # tokens that wait for deliveries, or sub-flows, the first first
        self.outcome: Outcome
        self._advance(Wakes())

    @property
    def path(self) -> list[str]:
        """The nodes and ports by which they went, as node.port."""
        return [f"{node}.{port}" for node, port, _ in self._state.get("path", ())]

    @property
    def status(self) -> Run.Status:
        """How the run ended, or that it is under way."""
        return self.outcome.ending.status if self.outcome.ending else Run.Status.LIVE

    @property
    def reason(self) -> str:
        """Why it ended so."""
        return self.outcome.ending.reason if self.outcome.ending else ""

    def later(self, **length: float) -> "Story":
        """Let time pass; whoever is due goes on at their moments."""
        until = self.now + timedelta(**length)
        while self.outcome.ending is None and self.outcome.due_at and self.outcome.due_at <= until:
            self.now = max(self.now, self.outcome.due_at)
            self._advance(Wakes())
        self.now = until
        return self

    def happens(self, type: str, **properties: Any) -> "Story":
        """Let an event of the person come."""
        self._n_events += 1
        event = {"id": f"e{self._n_events}", "type": type, "time": self.now.isoformat(), "properties": properties}
        met = [each for each in self._waits if each.type in (type, Wait.ANYTHING) and matches(each.match or {}, event)]
        tokens = {each.token: (Met((event,)),) for each in met if each.kind not in _RULES}
        self._advance(Wakes(tokens, (event,) if any(each.kind in _RULES for each in met) else ()))
        return self

    def ends(self, outcome: str = "delivered", answer: Any = None, error: str = "") -> "Story":
        """Let the first delivery that is waited for end."""
        return self._wake(self._waiting_for.pop(0), Delivered(outcome, answer, error))

    def returns(self, status: Run.Status = Run.Status.FINISHED, payload: Any = None, reason: str = "") -> "Story":
        """Let the first sub-flow that is waited for end."""
        return self._wake(self._waiting_for.pop(0), Returned(status, payload, reason))

    def skip(self) -> "Story":
        """Let nobody wait any longer."""
        ids = [each["id"] for each in self._state["tokens"]]
        self._advance(Wakes({id: (Skipped(),) for id in ids}))
        return self

    def _wake(self, token: int, wake: Wake) -> "Story":
        self._advance(Wakes({token: (wake,)}))
        return self

    def _advance(self, wakes: Wakes) -> None:
        stored = state.read(orjson.loads(orjson.dumps(self._state)))
        journey = Journey(RUN, self._compiled, stored, **{k: v for k, v in self._journey.items() if k != "event"})
        outcome = advancing.advance(journey, self.person, self.now, wakes)
        while outcome.question is not None:
            self.asked.append(outcome.question.ask)
            outcome = outcome.answered(self._answer(outcome.question.ask))
        self._note(outcome)

    def _answer(self, ask: Ask) -> Any:
        usual = {"limit": True, "slot": self.now.isoformat(), "contact": {}, "consents": []}
        answer = self.answers.get(ask.kind, ask.about["branch"] if ask.kind == "assignment" else usual.get(ask.kind))
        return answer(ask.about) if callable(answer) else answer

    def _note(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._state = state.write(outcome.state)
        anew = outcome.rewaiting | outcome.unwaiting
        self._waits = [each for each in self._waits if each.token not in anew] + outcome.waits
        self._waiting_for = [token for token in self._waiting_for if token not in outcome.unwaiting]
        self._waiting_for += [each.token for each in outcome.deliveries if each.token is not None]
        self._waiting_for += [each.token for each in outcome.children if each.token is not None]
        self.started += [each.started for each in outcome.children]
        self.sent += [each.sent for each in outcome.deliveries]
        self.raised += [each.raised for each in outcome.emissions]
        self.response.update(outcome.response)
        self.ux += outcome.ux
        self.goals += outcome.goals


def story(
    document: Mapping[str, Any],
    *,
    profile: Mapping[str, Any] | None = None,
    segments: Sequence[str] = (),
    zone: str = "",
    answers: Answers | None = None,
    now: datetime = NOON,
    **journey: Any,
) -> Story:
    """Let somebody enter a flow, and go as far as they come.

    `profile` are columns of theirs (data, traits, ...), `journey` the event, the session, and what else the engine is
    told (is_inline); `answers` {kind of question: answer, or a function of what is asked} where the usual one will not
    do. Raises Problems for a definition that cannot be compiled.
    """
    times = dict.fromkeys(("created_at", "updated_at", "first_seen_at", "last_seen_at", "last_active_at"), now)
    person = Person(Profile(id=PROFILE, **{**times, **(profile or {})}), segments, zone)
    return Story(document, person, journey, answers or {}, now)
