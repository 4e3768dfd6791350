"""What is noticed of all that comes in, for those who ask why nothing arrives, or what this is: it is only counted."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from apps.collector.payload import Batch, Payload, PayloadEvent, Way
from apps.core import metrics
from apps.core.refusal import Refusal
from apps.core.storable import problem_of_text
from apps.events import internal
from apps.events.event_types import planned
from apps.events.store import noticed
from apps.events.store.noticed import SPAN, Arrived, DayOfRefusals, Unplanned, span_of

_MAX_KEY: Final = 64
_PLATFORM: Final = str(internal.SOURCE_ID)
_SPAN_SECS: Final = SPAN.total_seconds()


def note(batch: Batch, *, way: Way) -> None:
    """Count what became of the events of a batch, and those of types that nobody planned; no query."""
    outcomes: Counter[tuple[str, str]] = Counter()
    n_stored = n_flagged = 0
    for payload in batch.payloads:
        if payload.refusal is None and len(payload.going) == len(payload.events) and payload.saves_events:
            n_stored += len(payload.going)
            for event in payload.going:
                n_flagged += not event.is_valid
            continue
        for refusal in payload.refusals():
            # Without its message, which may name fields as their sender does: the refused event has it.
            note_refusal(replace(refusal, message=""), at=payload.received_at, source_id=payload.source.id)
        outcomes.update(_outcome_of(event, payload) for event in payload.events)
    outcomes["stored", ""] += n_stored - n_flagged
    outcomes["flagged", ""] += n_flagged
    _measure(outcomes, way)
    _note_types(batch)
    _note_arrivals(batch)


def _note_types(batch: Batch) -> None:
    rules = planned.rules()
    types: defaultdict[tuple[str, str], int] = defaultdict(int)
    for payload in batch.payloads:
        if payload.refusal is None:
            for event in payload.going:
                if event.type not in rules:
                    types[event.type, payload.source.key] += 1
    for (type_, source), number in types.items():
        if source != _PLATFORM:
            noticed.unplanned.add(Unplanned(type_, UUID(source)), at=batch.now, number=number)


def _note_arrivals(batch: Batch) -> None:
    """Count what sources sent and had taken; history, as a back-fill is, says nothing of whether a source is alive."""
    arrived: dict[tuple[str, float], tuple[int, datetime]] = {}  # {(source, number of the span): (events, last time)}
    for payload in batch.payloads:
        if payload.refusal is None and not payload.is_silent and payload.source.key != _PLATFORM:
            at, span = payload.received_at, (payload.source.key, payload.received_at.timestamp() // _SPAN_SECS)
            number, latest_at = arrived.get(span, (0, at))
            for event in payload.events:
                number += event.refusal is None and not event.is_system
            arrived[span] = number, max(latest_at, at)
    for (source, _), (number, at) in arrived.items():
        if number:
            noticed.arrivals.add(Arrived(UUID(source), span_of(at), is_refused=False), at=at, number=number)


def _measure(outcomes: Counter[tuple[str, str]], way: Way) -> None:
    for (outcome, reason), number in outcomes.items():
        if number:
            metrics.add(metrics.EVENTS, way.value, outcome, reason, number=number)
    metrics.observe(metrics.BATCHES, outcomes.total(), way.value)


def _outcome_of(event: PayloadEvent, payload: Payload) -> tuple[str, str]:
    refusal = event.refusal or payload.refusal
    if refusal:
        return "refused", refusal.code
    if event.is_duplicate:
        return "duplicate", ""
    if event.is_set_aside:
        return "quarantined", ""
    if not payload.saves_events:
        return "unstored", ""
    return ("stored" if event.is_valid else "flagged"), ""


def note_refusal(refusal: Refusal, *, at: datetime, source_id: UUID | None, key: str = "") -> None:
    """Count a refusal: of a source, or of somebody who named none that there is."""
    name = key[:_MAX_KEY] if source_id is None and not problem_of_text(key) else ""
    counted = DayOfRefusals(at.astimezone(UTC).date(), source_id, name, refusal.code)
    noticed.refusals.add(counted, at=at, note=refusal.message)
    if source_id is not None:
        noticed.arrivals.add(Arrived(source_id, span_of(at), is_refused=True), at=at)
