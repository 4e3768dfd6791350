"""Which triggers are met by what happens: by types in memory, and conditions only of those that are left."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from apps.conditions import Context
from apps.flows.definition.parts import SegmentTrigger
from apps.flows.runs.loading import session_scope
from apps.flows.runs.subjects import segments_of
from apps.flows.triggers import judging
from apps.flows.triggers.admission import Candidate
from apps.flows.triggers.entry import Why
from apps.flows.triggers.happened import Happened
from apps.flows.triggers.observed import Change
from apps.flows.triggers.starters import OF_SEGMENTS, PROFILE, SESSION, Starter
from apps.flows.triggers.trigger_index import Index
from apps.profiles.models import Profile
from apps.segments import language


class Met(NamedTuple):
    """A trigger that is met, as far as type and time say, by an event; or by what has changed, which that caused."""

    starter: Starter
    happened: Happened
    change: Change | None = None

    @property
    def payload(self) -> Any:
        """With what somebody enters."""
        return self.change.document if self.change else None


def of_event(happened: Happened, index: Index, context: Context) -> Iterator[Starter]:
    """Yield the triggers that an event may meet, those of one person or of nobody, but for what has answered it."""
    said, by_type = happened.said, index.others if happened.is_answered else index.by_type
    if happened.profile and said.type in by_type:
        yield from by_type[said.type].of(said.properties, context)
    if said.type in index.of_nobody:
        yield from index.of_nobody[said.type].of(said.properties, context)


def reading(happened: Happened, index: Index) -> Iterator[Starter]:
    """Yield the triggers that read an event of a person, whatever it says, but for the segment that it tells of."""
    for each in index.by_type[happened.said.type].all:
        part = each.part
        if not isinstance(part, SegmentTrigger) or part.segment == happened.said.properties.get("segment"):
            yield each


def untimely(met: Met, *, now: datetime) -> Why | None:
    """Say why an event starts nothing, whatever it says: it is history, or comes too late."""
    if met.happened.is_silent:
        return Why.SILENT
    max_age = met.starter.max_age
    if max_age and met.happened.said.time < now - max_age:
        return Why.LATE
    return None


class Scopes:
    """What conditions and keys read, of all that is met in a batch: made once for each person."""

    def __init__(self, met: Iterable[Met]) -> None:
        asking = {
            each.happened.profile.id for each in met if each.happened.profile and OF_SEGMENTS in each.starter.needs
        }
        self._segments = segments_of(asking)
        self._people: dict[int, dict[str, Any]] = {}
        self._last: tuple[Happened, dict[str, Any]] | None = None

    def of(self, met: Met) -> dict[str, Any]:
        """Return what a trigger that is met reads."""
        happened, needs = met.happened, met.starter.needs
        if not needs and met.change is None:  # most often: all of them read the same
            if self._last is None or self._last[0] is not happened:
                event = {"event": happened.snapshot, "payload": None, "memory": {}, "session": {}, "profile": {}}
                self._last = (happened, event)
            return self._last[1]
        scope: dict[str, Any] = {"event": happened.snapshot, "payload": met.payload, "memory": {}}
        scope["session"] = session_scope(happened.session) if happened.session and SESSION in needs else {}
        if happened.profile and PROFILE in needs and not met.starter.is_of_nobody:
            scope |= self._person(happened.profile)
        else:
            scope["profile"] = {}
        return scope

    def _person(self, profile: Profile) -> dict[str, Any]:
        found = self._people.get(id(profile))
        if found is None:
            keys = self._segments.get(profile.id, ())
            found = self._people[id(profile)] = language.document_of(profile, keys)
        return found


def candidates(met: Sequence[Met], *, now: datetime) -> list[Candidate]:
    """Return who enters, if rules let them: those whose condition holds, once for each event and flow."""
    scopes = Scopes(met)
    seen: set[tuple[int, UUID]] = set()
    found = []
    for each in met:
        scope = scopes.of(each)
        why = judging.condition(each.starter, scope, now=now)
        if why is not None:
            judging.note_fault(each.starter.compiled, why)
        else:
            place = (id(each.happened), each.starter.flow_id)
            if place not in seen:
                seen.add(place)
                found.append(_candidate(each, scope))
    return found


def _candidate(met: Met, scope: Mapping[str, Any]) -> Candidate:
    happened, is_of_nobody = met.happened, met.starter.is_of_nobody
    return Candidate(
        compiled=met.starter.compiled,
        trigger=met.starter.part.id,
        profile=None if is_of_nobody else happened.profile,
        raw_id=None if is_of_nobody else happened.raw_id,
        event=happened.snapshot,
        payload=met.payload,
        scope=scope,
        session_id=happened.session.id if happened.session else None,
    )
