"""After this stage the batch is in the database: once the transaction commits, it is accepted."""

from typing import Any
from uuid import UUID

from django.conf import settings

from apps.collector import refused
from apps.collector.track import Batch, Track, TrackedEvent
from apps.collector.wire import replay
from apps.core import audit
from apps.core.ids import new_id
from apps.core.models import AuditEntry
from apps.core.upsert import insert_new, upsert
from apps.events.event_types import planned
from apps.events.event_types.redaction import redact
from apps.events.models import RefusedEvent
from apps.events.store import quarantine, storage
from apps.events.store.quarantine import SetAside
from apps.events.store.storage import EventRow, array_literal, json_text
from apps.profiles import ledger
from apps.profiles.consents import State
from apps.profiles.models import Alias, ConsentDecision, Identifier, IdentityConflict, Profile
from apps.sessions import devices
from apps.sessions.models import Session


def store(batch: Batch) -> None:
    """Write the batch: events by COPY, and one statement for each other table that has rows.

    A message that another transaction stores at the same moment raises IntegrityError; the batch is then run again.
    """
    tracks = batch.going
    people = batch.people
    _store_people(people, batch)
    _store_causes(batch)
    _store_sessions(tracks, people)
    decisions: list[ConsentDecision] = []
    entries: list[AuditEntry] = []
    rows: list[EventRow] = []
    processed_at = str(batch.stored_at)
    keys: dict[str, int | None] = {}
    for track in tracks:
        decisions += _decisions(track, batch)
        entries += _audited(track, batch)
        rows += _rows(track, processed_at)
        keys.update((event.key, event.content) for event in track.going if event.key)
    insert_new(ConsentDecision, decisions)
    insert_new(AuditEntry, entries)
    storage.remember(keys, at=batch.now)
    storage.copy(rows)
    halted = [track for track in batch.tracks if track.refusal or len(track.going) < len(track.events)]
    insert_new(RefusedEvent, refused.rows_of(halted))
    quarantine.keep([row for track in halted for row in _set_aside(track)])


def _store_people(people: list[Profile], batch: Batch) -> None:
    """Write profiles, and the ids that lead to them from now on."""
    directory = batch.directory
    ids = {profile.id for profile in people}
    upsert(Profile, people, keep=["created_at"])
    insert_new(Alias, [alias for alias in directory.new_aliases if alias.profile_id in ids])
    identifiers = directory.changed_identifiers.values()
    upsert(Identifier, [row for row in identifiers if row.is_shared or directory.living_id(row.profile_id) in ids])


def _store_sessions(tracks: list[Track], people: list[Profile]) -> None:
    """Write sessions; and let devices go of those who have more than there is room for, but for those in hand."""
    sessions = {track.session.id: track.session for track in tracks if track.session and track.saves_session}
    upsert(Session, list(sessions.values()))
    crowded = [row.id for row in people if row.identifier_count > settings.MAX_IDENTIFIERS_PER_PROFILE]
    if crowded:
        devices.let_go(crowded, in_hand=[track.claim.device for track in tracks if track.claim.device])


def _store_causes(batch: Batch) -> None:
    """Write merges, and those that were refused, each with the event that said so."""
    for cause, track in batch.causes:
        index = cause.proof.event_index if cause.proof else None
        said = [event for event in track.going if not event.is_system and index in (None, event.index)]
        cause.row.event_id = said[0].id if said else None
    ledger.store(batch.directory.merges)
    conflicts = {cause.row.id: cause.row for cause, _ in batch.causes if isinstance(cause.row, IdentityConflict)}
    insert_new(IdentityConflict, list(conflicts.values()))


def _rows(track: Track, processed_at: str) -> list[EventRow]:
    if not track.saves_events:
        return []
    profile_id = track.profile.id if track.profile and track.saves_profile else None
    session_id = track.session.id if track.session and track.saves_session else track.about_session
    received_at = str(track.received_at)
    return [
        EventRow(
            id=event.id,
            time=received_at if event.time is track.received_at else str(event.happened_at),
            received_at=received_at,
            processed_at=processed_at,
            type=event.type,
            source_id=track.source.key,
            session_id=session_id,
            profile_id=profile_id,
            original_profile_id=track.raw_profile_id if profile_id else None,
            message_id=event.message_id,
            journey=event.journey,
            is_silent=track.is_silent,
            is_valid=event.is_valid,
            tags=array_literal(tuple(event.tags)),
            properties=json_text(event.properties),
            traits=json_text(event.traits),
            context=json_text(event.context),
            problems=json_text(_problems(event)) if event.problems and not track.keeps_decisions_only else None,
        )
        for event in track.going
    ]


def _problems(event: TrackedEvent) -> list[dict[str, str]]:
    return [{"field": problem["field"], "message": problem["message"]} for problem in event.problems]


def _decisions(track: Track, batch: Batch) -> list[ConsentDecision]:
    if track.raw_profile_id is None or not track.saves_profile:
        return []
    return [
        ConsentDecision(
            profile_id=track.raw_profile_id,
            consent_type_id=decision.consent_id,
            is_granted=decision.is_granted,
            decided_at=decision.at,
            recorded_at=batch.now,
            valid_until=decision.ends_at if decision.is_granted else None,
            text_version=decision.text_version,
            source_id=track.source.id,
            session_id=track.session.id if track.session else None,
            device_key=track.device_key or track.claim.device,
            event_id=event.id,
            ip=track.ip,
            user_agent=track.user_agent,
            **_recorded(track),
        )
        for event in track.going
        for decision in event.decisions
    ]


def _recorded(track: Track) -> dict[str, str]:
    """Say who recorded decisions for a person, if they did not decide by themselves."""
    if track.recorded is None:
        return {}
    actor = track.recorded.actor
    return {"actor": actor.key, "actor_name": actor.name, "reference": track.recorded.reference}


def _audited(track: Track, batch: Batch) -> list[AuditEntry]:
    """Note in the audit log what somebody recorded for a person."""
    if track.recorded is None or not track.saves_profile:
        return []
    decided = {
        decision.consent_id: State.GIVEN if decision.is_granted else State.WITHDRAWN
        for event in track.going
        for decision in event.decisions
    }
    if not decided:
        return []
    actor = track.recorded.actor
    return [audit.entry("decided", track.profile, actor=actor, at=batch.now, consents=decided)]


def _set_aside(track: Track) -> list[SetAside]:
    return [
        SetAside(
            id=UUID(event.key) if event.key else new_id(),
            type=event.type,
            source_id=track.source.id,
            time=event.happened_at,
            received_at=track.received_at,
            problems=_problems(event),
            properties=_storable(event),
            context=event.context,
            track=replay.shape(track, event),
            keys=sorted(track.keys),
        )
        for event in track.kept
        if event.is_set_aside
    ]


def _storable(event: TrackedEvent) -> dict[str, Any]:
    """Return the properties without what must never be stored: the stage that takes it out has not been reached."""
    rules = planned.rules().get(event.type)
    return redact(event.properties, rules) if rules else event.properties
