"""After this stage the batch is in the database: once the transaction commits, it is accepted."""

from collections.abc import Iterator
from uuid import UUID

from django.conf import settings

from apps.collector import refused
from apps.collector.payload import Batch, Payload, PayloadEvent
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
    payloads = batch.going
    people = batch.people
    _store_people(people, batch)
    _store_causes(batch)
    _store_sessions(payloads, people)
    _store_decisions(batch)
    keys = {event.key: event.content for payload in payloads for event in payload.going if event.key}
    storage.remember(keys, at=batch.now)
    processed_at = str(batch.stored_at)
    storage.copy(row for payload in payloads for row in _rows(payload, processed_at))
    halted = [payload for payload in batch.payloads if payload.refusal or len(payload.going) < len(payload.events)]
    insert_new(RefusedEvent, refused.rows_of(halted))
    quarantine.keep([row for payload in halted for row in _set_aside(payload)])


def _store_people(people: list[Profile], batch: Batch) -> None:
    """Write profiles, and the ids that lead to them from now on."""
    directory = batch.directory
    ids = {profile.id for profile in people}
    upsert(Profile, people, keep=["created_at"], are_held=True)
    insert_new(Alias, [alias for alias in directory.new_aliases if alias.profile_id in ids])
    identifiers = directory.changed_identifiers.values()
    upsert(Identifier, [row for row in identifiers if row.is_shared or directory.living_id(row.profile_id) in ids])


def _store_sessions(payloads: list[Payload], people: list[Profile]) -> None:
    """Write sessions; and let devices go of those who have more than there is room for, but for those in hand."""
    sessions = {
        payload.session.id: payload.session for payload in payloads if payload.session and payload.saves_session
    }
    upsert(Session, list(sessions.values()))
    crowded = [row.id for row in people if row.identifier_count > settings.MAX_IDENTIFIERS_PER_PROFILE]
    if crowded:
        devices.let_go(crowded, in_hand=[payload.claim.device for payload in payloads if payload.claim.device])


def _store_causes(batch: Batch) -> None:
    """Write merges, and those that were refused, each with the event that said so."""
    for cause, payload in batch.causes:
        index = cause.proof.event_index if cause.proof else None
        said = [event for event in payload.going if not event.is_system and index in (None, event.index)]
        cause.row.event_id = said[0].id if said else None
    ledger.store(batch.directory.merges)
    conflicts = {cause.row.id: cause.row for cause, _ in batch.causes if isinstance(cause.row, IdentityConflict)}
    insert_new(IdentityConflict, list(conflicts.values()))


def _store_decisions(batch: Batch) -> None:
    """Write what people decided about consents, and who recorded it for them."""
    deciding = [payload for payload in batch.deciding if payload.refusal is None]
    insert_new(ConsentDecision, [decision for payload in deciding for decision in _decisions(payload, batch)])
    insert_new(AuditEntry, [entry for payload in deciding for entry in _audited(payload, batch)])


def _rows(payload: Payload, processed_at: str) -> list[EventRow]:
    if not payload.saves_events:
        return []
    profile_id = payload.profile.id if payload.profile and payload.saves_profile else None
    session_id = payload.session.id if payload.session and payload.saves_session else payload.about_session
    received_at = str(payload.received_at)
    return [
        EventRow(
            id=event.id,
            time=received_at if event.time is payload.received_at else str(event.time),
            received_at=received_at,
            processed_at=processed_at,
            type=event.type,
            source_id=payload.source.key,
            session_id=session_id,
            profile_id=profile_id,
            original_profile_id=payload.raw_profile_id if profile_id else None,
            message_id=event.message_id,
            journey=event.journey,
            is_silent=payload.is_silent,
            is_valid=event.is_valid,
            tags=array_literal(tuple(event.tags)),
            properties=json_text(event.properties),
            traits=json_text(event.traits),
            context=json_text(event.context),
            problems=json_text(_problems(event)) if event.problems and not payload.keeps_decisions_only else None,
        )
        for event in payload.going
    ]


def _problems(event: PayloadEvent) -> list[dict[str, str]]:
    return [{"field": problem["field"], "message": problem["message"]} for problem in event.problems]


def _decisions(payload: Payload, batch: Batch) -> list[ConsentDecision]:
    if payload.raw_profile_id is None or not payload.saves_profile:
        return []
    return [
        ConsentDecision(
            profile_id=payload.raw_profile_id,
            consent_type_id=decision.consent_id,
            is_granted=decision.is_granted,
            decided_at=decision.at,
            recorded_at=batch.now,
            valid_until=decision.ends_at if decision.is_granted else None,
            text_version=decision.text_version,
            source_id=payload.source.id,
            session_id=payload.session.id if payload.session else None,
            device_key=payload.device_key or payload.claim.device,
            event_id=event.id,
            ip=payload.ip,
            user_agent=payload.user_agent,
            **_recorded(payload),
        )
        for event in payload.going
        for decision in event.decisions
    ]


def _recorded(payload: Payload) -> dict[str, str]:
    """Say who recorded decisions for a person, if they did not decide by themselves."""
    if payload.recorded is None:
        return {}
    actor = payload.recorded.actor
    return {"actor": actor.key, "actor_name": actor.name, "reference": payload.recorded.reference}


def _audited(payload: Payload, batch: Batch) -> list[AuditEntry]:
    """Note in the audit log what somebody recorded for a person."""
    if payload.recorded is None or not payload.saves_profile:
        return []
    decided = {
        decision.consent_id: State.GIVEN if decision.is_granted else State.WITHDRAWN
        for event in payload.going
        for decision in event.decisions
    }
    if not decided:
        return []
    actor = payload.recorded.actor
    return [audit.entry("decided", payload.profile, actor=actor, at=batch.now, consents=decided)]


def _set_aside(payload: Payload) -> Iterator[SetAside]:
    for event in payload.kept:
        if not event.is_set_aside:
            continue
        rules = planned.rules().get(event.type)
        yield SetAside(
            id=UUID(event.key) if event.key else new_id(),
            type=event.type,
            source_id=payload.source.id,
            time=event.happened_at,
            received_at=payload.received_at,
            problems=_problems(event),
            # The stage that takes out what must never be stored has not been reached.
            properties=redact(event.properties, rules) if rules else event.properties,
            context=event.context,
            payload=replay.shape(payload, event),
            keys=sorted(payload.keys),
        )
