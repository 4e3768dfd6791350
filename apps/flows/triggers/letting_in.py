"""People enter who are named, and not met by events: by the clock, a hand, or as they are in a segment."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.flows.engine.graph import Compiled
from apps.flows.runs.subjects import segments_of
from apps.flows.triggers import admission
from apps.flows.triggers.admission import Candidate
from apps.profiles import ledger
from apps.profiles.models import Profile
from apps.segments import language


@dataclass(frozen=True, slots=True)
class Cause:
    """Why people enter."""

    compiled: Compiled
    trigger: str  # the id of it
    event: Mapping[str, Any] | None = None  # in place of one, see happened.made
    payload: Any = None
    occasion: str = ""  # what comes about once for each


@dataclass(slots=True)
class Entered:
    """What became of those who were named."""

    runs: set[UUID] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)  # by the reason

    def add(self, others: "Entered") -> None:
        """Take over what became of others."""
        self.runs |= others.runs
        self.refused += others.refused


def people(ids: Collection[UUID], cause: Cause, *, now: datetime) -> Entered:
    """Let people enter whom ids lead to, if the rules of the flow let them; in the caller's transaction.

    Raises ledger.Moved while others keep merging them.
    """
    found = ledger.locked(ids)
    living = {profile.id: (raw_id, profile) for raw_id, profile in found.items()}
    segments = segments_of(living)
    candidates = [
        _candidate(profile, raw_id, cause, scope=language.document_of(profile, segments.get(profile.id, ())))
        for raw_id, profile in living.values()
    ]
    return _entered(candidates, now=now)


def nobody(cause: Cause, *, now: datetime) -> Entered:
    """Begin a run without a person, if the rules of the flow let it; in the caller's transaction."""
    return _entered([_candidate(None, None, cause, scope={"profile": {}})], now=now)


def _candidate(profile: Profile | None, raw_id: UUID | None, cause: Cause, *, scope: Mapping[str, Any]) -> Candidate:
    return Candidate(
        compiled=cause.compiled,
        trigger=cause.trigger,
        profile=profile,
        raw_id=raw_id,
        event=cause.event,
        payload=cause.payload,
        scope={**scope, "event": cause.event or {}, "session": {}, "payload": cause.payload, "memory": {}},
        occasion=cause.occasion,
    )


def _entered(candidates: list[Candidate], *, now: datetime) -> Entered:
    admitted = admission.admit(candidates, now=now)
    return Entered(admission.write(admitted, now=now), Counter(each.why.value for each in admitted.refused))
