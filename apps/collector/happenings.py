"""What flows are told of a batch: the events whose types they read or wait for, and changes of what they watch."""

from collections import defaultdict
from collections.abc import Container, Iterable

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.conditions import Context
from apps.flows.runs.awaited import ANYTHING
from apps.flows.triggers import observed
from apps.flows.triggers.happened import Happened
from apps.flows.triggers.planning import Changed
from apps.flows.triggers.trigger_index import Index
from apps.profiles.models import Profile

Said = tuple[Payload, PayloadEvent]


def events(batch: Batch, index: Index, awaited: frozenset[str]) -> list[Happened]:
    """List the events that may start or wake runs, in their order: what is stored, and is as its type says."""
    context, takes_any = Context(batch.now), ANYTHING in awaited
    return [
        happening(payload, event)
        for payload in batch.going
        if payload.saves_events
        for event in payload.going
        if event.is_valid
        and (
            takes_any
            or event.type in awaited
            or (awaited and payload.is_answered)  # what came before it is no news for the run that it has begun
            or (not payload.is_silent and index.may_start(event, context, is_answered=payload.is_answered))
        )
    ]


def events_of(payloads: Iterable[Payload], types: Container[str]) -> list[Happened]:
    """List the events of payloads that are of these types, and as these say."""
    return [
        happening(payload, event)
        for payload in payloads
        for event in payload.going
        if event.type in types and event.is_valid
    ]


def happening(payload: Payload, event: PayloadEvent) -> Happened:
    """Return an event as flows are told of it."""
    is_kept = payload.saves_profile
    return Happened(
        event,
        profile=payload.profile if is_kept else None,
        raw_id=payload.raw_profile_id if is_kept else None,
        session=payload.session if payload.saves_session else None,
        is_silent=payload.is_silent,
        chain=payload.chain,
        is_answered=payload.is_answered,
    )


def changes(batch: Batch, index: Index) -> list[Changed]:
    """List what has changed of people, of what flows watch, each with the event that said it at last."""
    if not index.observed:
        return []
    changed = [
        (profile, each)
        for profile in batch.people
        for each in observed.changes(index.observed, batch.observed[profile.id], profile, now=batch.now)
    ]
    said_of = _said_of(batch) if changed else {}
    return [
        Changed(_cause(profile, each.observed.path, said_of[id(profile)]), [each])
        for profile, each in changed
        if id(profile) in said_of
    ]


def _said_of(batch: Batch) -> dict[int, list[Said]]:
    """Return the stored events of each person, by the object, as `people` of the batch does."""
    found: dict[int, list[Said]] = defaultdict(list)
    for payload in batch.going:
        if payload.profile and payload.saves_events and payload.saves_profile:
            found[id(payload.profile)] += [(payload, event) for event in payload.going]
    return found


def _cause(profile: Profile, path: str, said: list[Said]) -> Happened:
    """Find the event that set a field; what is reckoned of several is said by the last one."""
    setter = (profile.provenance.get(path) or ("", ""))[1]
    found = [(payload, event) for payload, event in said if str(event.id) == setter] or said
    return happening(*found[-1])
