"""The story of one person: what happens to them meets their runs, lets them enter, and between that time passes."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final
from uuid import UUID

from apps.flows.engine.graph import Compiled
from apps.flows.engine.matching import text_of
from apps.flows.engine.outcome import Outcome
from apps.flows.models import Run, SimulationSample
from apps.flows.runs.loading import NOBODY
from apps.flows.simulating.counts import Counts
from apps.flows.simulating.known_people import Known, Somebody
from apps.flows.simulating.lives import Begun, Life, begin
from apps.flows.simulating.past_answers import Answers, Asker, run_id_of
from apps.flows.simulating.starts import Moment, Start
from apps.flows.triggers import entry
from apps.flows.triggers.entry import Before, Why
from apps.profiles.consents import State

MAX_RUNS: Final = 1_000  # of a person
What = SimulationSample.What
Connections = Mapping[UUID, tuple[str, str]]  # kind and name


@dataclass(slots=True)
class Setting:
    """What the stories of all people have in common."""

    compiled: Compiled
    until: datetime
    seed: int
    counts: Counts
    connections: Connections
    samples: list[SimulationSample] = field(default_factory=list)


class Story:
    """One person, or nobody."""

    def __init__(self, setting: Setting, answers: Answers, known: Known | None, sessions: Mapping[UUID, Any]) -> None:
        self._setting, self._answers, self._known, self._sessions = setting, answers, known, sessions
        self._counts, self._compiled = setting.counts, setting.compiled
        self._before = Before()
        self._due: list[tuple[datetime, int, Life]] = []
        self._lives: list[Life] = []  # under way, or with a goal that they may still reach
        self._numbers = count()
        self._n_runs = 0

    def tell(self, moments: Iterable[Moment]) -> None:
        """Go through all that happens, until the end of the period."""
        self._answers.next_person()
        for moment in moments:
            self._pass(moment.at, is_inclusive=False)
            self._happen(moment)
        self._pass(self._setting.until, is_inclusive=True)
        for life in self._lives:
            if not life.has_ended:
                self._stay(life)

    def _pass(self, until: datetime, *, is_inclusive: bool) -> None:
        """Let those go on whose time comes before something happens: what comes in time counts."""
        while self._due and (self._due[0][0] < until or (is_inclusive and self._due[0][0] <= until)):
            at, _, life = heapq.heappop(self._due)
            if life.due_at == at:  # else it has gone on since
                self._advance(life, at)

    def _happen(self, moment: Moment) -> None:
        """Let something meet runs, and let the person enter; only then those go on whom it has met."""
        at, event = moment.at, moment.event
        self._at(at)
        met = [life for life in self._lives if life.hear(event["type"], event, at)] if moment.stored else []
        begun = self._enter(moment) if moment.starts else None
        for life in met:
            self._advance(life, at, event)
        if begun is not None:
            self._lives.append(begun)
            self._advance(begun, at)
        if met or begun:
            self._lives = [life for life in self._lives if not life.has_ended or life.waits_after_end]

    def _at(self, now: datetime) -> None:
        if self._known is not None:
            self._known.now = now

    # --- entering

    def _enter(self, moment: Moment) -> Life | None:
        """Judge whoever meets a trigger, and let them enter, once for what happens."""
        counts, session = self._counts, self._session(moment)
        subject = NOBODY if self._known is None else Somebody(self._known)
        scope: dict[str, Any] = {"profile": {}, **subject.scope, "event": moment.event, "memory": {}}
        scope |= {"session": session or {}, "payload": None}
        start = self._first(moment, scope)
        if start is None:
            return None
        counts.n_met += 1
        counts.met[start.trigger] += 1
        scope["payload"] = start.payload
        key = self._key(scope)
        why = self._refusal(key, moment.at)
        if why or isinstance(key, Why):
            counts.refused[str(why)] += 1
            return None
        if self._n_runs >= MAX_RUNS:
            counts.noted["many_runs"] += 1
            return None
        return self._begin(moment, start, key, subject, session)

    def _first(self, moment: Moment, scope: dict[str, Any]) -> Start | None:
        """Return the first trigger whose condition holds, and count those of which none does."""
        why: Why | None = None
        for start in moment.starts:
            if start.starter is None:
                return start
            try:
                if start.starter.holds({**scope, "payload": start.payload}, moment.at):
                    return start
                why = why or Why.CONDITION
            except Exception:  # noqa: BLE001 - as of real events: whoever wrote it could not know all that they say
                why = Why.FAILS
        if why:
            self._counts.refused[str(why)] += 1
        return None

    def _key(self, scope: Mapping[str, Any]) -> str | Why:
        value = self._compiled.entry.key
        if value is None:
            return ""
        try:
            found = text_of(value(scope))
        except Exception:  # noqa: BLE001 - as above
            return Why.FAILS
        return Why.NO_KEY if found is None else found

    def _refusal(self, key: str | Why, at: datetime) -> Why | None:
        """Say why the flow's rules do not let them enter, in the order in which they are judged."""
        for consent in self._compiled.consents:
            if self._known is None or self._known.consent(consent, at) != State.GIVEN:
                return Why.CONSENT
        if isinstance(key, Why):
            return key
        self._before.n_live = sum(not life.has_ended for life in self._lives)
        return entry.judge(self._compiled.entry.rule, self._before, key, now=at)

    def _begin(self, moment: Moment, start: Start, key: str, subject: Any, session: Mapping[str, Any] | None) -> Life:
        counts, setting = self._counts, self._setting
        self._n_runs += 1
        counts.n_entered += 1
        counts.entered[start.trigger] += 1
        self._before.enter(key, now=moment.at)
        stored = moment.stored
        begun = Begun(
            moment.at, moment.event, stored.id if stored else None, moment.event["type"], start.payload, session
        )
        whose = str(subject.profile_id)
        run_id = run_id_of(str(self._compiled.flow_id), setting.seed, whose, moment.order, moment.at.isoformat())
        return begin(self._compiled, begun, Asker(run_id, subject))

    def _session(self, moment: Moment) -> Mapping[str, Any] | None:
        stored = moment.stored
        return self._sessions.get(stored.session_id) if stored and stored.session_id else None

    # --- going on

    def _advance(self, life: Life, at: datetime, event: Mapping[str, Any] | None = None) -> None:
        self._at(at)
        was_over = life.has_ended
        for outcome in life.advance(self._answers, now=at, event=event):
            self._counts.take(outcome)
            if not was_over:
                self._note(life, outcome, at)
        if life.due_at is not None:
            heapq.heappush(self._due, (life.due_at, next(self._numbers), life))

    def _note(self, life: Life, outcome: Outcome, at: datetime) -> None:
        """Count what is sent, and keep samples of where people go."""
        for planned in outcome.deliveries:
            key = planned.by.key(life.asker.run_id)
            if key not in life.sent:
                life.sent.add(key)
                kind, name = self._setting.connections.get(planned.sent.connection_id, ("", ""))
                self._counts.deliver(kind, name, planned.sent.channel)
            if planned.token is not None:
                self._counts.noted["answers"] += 1
        if outcome.children:
            self._counts.noted["children"] += 1
        for node, port in outcome.counts:
            if port:
                self._sample(life, What.LEFT, node, port, at)
        if outcome.ending and outcome.ending.status is Run.Status.FAILED:
            self._sample(life, What.FAILED, outcome.place, "", at, reason=outcome.ending.reason)

    def _stay(self, life: Life) -> None:
        """Count who is still under way at the end."""
        self._counts.endings["waiting"] += 1
        for token in life.state.tokens:
            self._counts.waiting[token.node] += 1
            self._sample(life, What.WAITING, token.node, "", token.at or self._setting.until)

    def _sample(self, life: Life, what: What, node: str, port: str, at: datetime, *, reason: str = "") -> None:
        profile_id = life.subject.profile_id
        if profile_id is None or not self._counts.samples(what, node, port, most=SimulationSample.MOST):
            return
        begun = life.begun
        self._setting.samples.append(
            SimulationSample(
                what=what,
                node=node,
                port=port,
                profile_id=profile_id,
                event_id=begun.event_id,
                event_type=begun.event_type,
                entered_at=begun.at,
                at=at,
                reason=reason[:500],
            )
        )
