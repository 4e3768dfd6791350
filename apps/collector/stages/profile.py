"""After this stage each profile holds what its events said, each field with who said it and when."""

from apps.collector.payload import Batch, Payload
from apps.events.event_types import applying, planned
from apps.events.event_types.copying import Said
from apps.profiles.models import Profile
from apps.profiles.provenance import entry
from apps.profiles.room import TOO_MUCH, Room, cut


def profile(batch: Batch) -> None:
    """Count events, and copy properties to profiles, in the order of the events; no query."""
    all_rules = planned.rules()
    rooms: dict[int, Room] = {}
    for payload in batch.going:
        if payload.profile is None:
            continue
        room = rooms.get(id(payload.profile)) or _room_of(payload, payload.profile)
        rooms[id(payload.profile)] = room
        for event in payload.going:
            said = Said(event.properties, event.traits, event.happened_at, event.id, source=payload.source.key)
            rules = all_rules.get(event.type)
            event.problems += applying.apply(
                payload.profile, event.type, said, rules, is_valid=event.is_valid, room=room
            )
        is_named = payload.claim.user_id and payload.profile.primary_id == payload.claim.user_id
        if is_named and "primary_id" not in payload.profile.provenance:
            said_by = entry(time=payload.going[0].happened_at, setter=payload.going[0].id, source=payload.source.id)
            payload.profile.provenance["primary_id"] = said_by
    for changed in {id(payload.profile): payload.profile for payload in batch.going}.values():  # some are copies
        if changed:
            changed.summarise()
            changed.updated_at = batch.stored_at


def _room_of(payload: Payload, profile: Profile) -> Room:
    """Measure a person, and cut one down who holds too much from before there was a limit."""
    room = Room(profile.document)
    if room.is_exceeded:
        cut(profile.__dict__)
        payload.going[0].problems.append({"field": "traits", "message": TOO_MUCH})
        room = Room(profile.document)
    return room
