"""Flows that answer inline: whoever tracks and asks is told what they say, before the events are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.conditions import Context
from apps.flows.engine.outcome import Outcome
from apps.flows.models import Run
from apps.flows.runs import inline
from apps.flows.runs.inline import Inline
from apps.flows.runs.loading import session_scope
from apps.flows.runs.recording import Result
from apps.flows.runs.subjects import segments_of
from apps.flows.triggers import admission, met_triggers
from apps.flows.triggers.admission import Admitted, Candidate
from apps.flows.triggers.happened import Happened
from apps.flows.triggers.met_triggers import Met
from apps.flows.triggers.trigger_index import Index


@dataclass(slots=True)
class Answered:
    """What flows say to those who ask, and the runs that are to be written."""

    ux: list[Mapping[str, Any]] = field(default_factory=list)
    response: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Answers:
    """Of a batch."""

    result: Result
    by_event: dict[str, Answered]  # by the id of the event, as its run keeps it

    @property
    def begun_by(self) -> dict[UUID, str]:
        """Return the runs, and the ids of the events by which they began."""
        return {run.id: outcome.state.event["id"] for run, outcome in self.result.outcomes if outcome.state.event}

    def write(self) -> set[UUID]:
        """Write the runs, once their people are stored; return those with which a worker is to go on."""
        return inline.write(self.result)


def answer(happened: Sequence[Happened], index: Index, *, now: datetime) -> Answers | None:
    """Let people enter flows that answer, and go as far as they come at once; None where nobody enters one.

    In memory, but for what rules of entry and nodes ask of the database.
    """
    context = Context(now)
    met = [
        Met(starter, each)
        for each in happened
        if each.profile
        for starter in index.answering[each.said.type].of(each.said.properties, context)
    ]
    timely = [each for each in met if met_triggers.untimely(each, now=now) is None]
    admitted = admission.admit(met_triggers.candidates(timely, now=now), now=now)
    if not admitted.entries:
        return None
    result = inline.advance(_entering(admitted, happened), now=now)
    return Answers(result, _by_event(result.outcomes))


def _entering(admitted: Admitted, happened: Sequence[Happened]) -> list[Inline]:
    rows = {each.session.id: each.session for each in happened if each.session}
    sessions = {id: session_scope(row) for id, row in rows.items()}
    looked_at = {each.profile for each, _ in admitted.entries if each.profile and each.compiled.reads_segments}
    stored = [person.id for person in looked_at if not person._state.adding]  # who is new is in no segment
    segments = {person.id: list[str]() for person in looked_at} | segments_of(stored)
    return [
        Inline(entry, each.compiled, each.profile, segments.get(each.profile.id), _session(each, sessions))
        for each, entry in admitted.entries
        if each.profile
    ]


def _session(candidate: Candidate, sessions: Mapping[UUID, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return sessions.get(candidate.session_id) if candidate.session_id else None


def _by_event(outcomes: Sequence[tuple[Run, Outcome]]) -> dict[str, Answered]:
    """Put together what flows say of each event; of two that say the same thing of a response the first one counts."""
    found: dict[str, Answered] = {}
    for _, outcome in outcomes:
        event = outcome.state.event
        if event and (outcome.ux or outcome.response):
            said = found.setdefault(event["id"], Answered())
            said.ux += outcome.ux
            said.response = {**outcome.response, **said.response}
    return found
