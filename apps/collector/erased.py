"""Who was erased does not come back: what their devices and other systems send of them later.

What names them is refused, with nothing of it kept. What only names a device begins anew, as somebody of whom
nothing is known: its old ids are replaced by successors before anybody looks them up. What happened before the erasure
is refused.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson

from apps.collector.payload import Payload, PayloadEvent
from apps.collector.wire.body import optional_id
from apps.core import paths
from apps.core.paths import Path
from apps.core.refusal import Refusal
from apps.events.models import InboxItem
from apps.events.resolution import identification
from apps.profiles.burial import PERSONAL
from apps.profiles.identifiers import identifier_id, usable
from apps.profiles.identity import Claim
from apps.profiles.mentions import addresses_in_text, mentions_in
from apps.profiles.models import ErasedId, Identifier

Kind = Identifier.Kind
MAX_ADDRESSES: Final = 5_000  # of a payload; who sends more must not keep others waiting
IDENTIFY: Final = "identify"
# How traits name their person in SDKs: in those of `identify`, and in those that SDKs repeat with each message.
TRAITS: Final = {"id": Kind.USER, "userId": Kind.USER, "user_id": Kind.USER, "phone": Kind.PHONE}
Buried = Mapping[UUID, ErasedId]
_NAMED: Final = "It names a person who was erased. Whoever may lift tombstones can let them come back."
_PAST: Final = "It happened before the person whom it is about was erased."


def names_in(payloads: Collection[Payload]) -> set[UUID]:
    """List all by which the payloads may name somebody: their keys, and e-mail addresses in all that would be kept."""
    names: set[UUID] = set()
    addresses: set[str] = set()
    for payload in payloads:
        names.update(payload.keys)
        has_traits = _has_traits(payload)
        # Most mention no address, and that is known of the bytes that came.
        text, said = payload.mentions, []
        if text is None or has_traits:
            said = [_said_around(payload), *map(_said_by, payload.kept)]
        if text is None:
            text = orjson.dumps(said).decode()
        # All of it at once: to go through values by their paths takes ten times as long.
        addresses |= addresses_in_text(f"{text} {payload.user_agent}", limit=MAX_ADDRESSES)
        for each in said if has_traits else ():
            names.update(identifier_id(kind, value) for _, kind, value in _traits_in(each))
    # Events of one person come in runs: each address is hashed once.
    names.update(identifier_id(Kind.EMAIL, address) for address in addresses)
    return names


def _has_traits(payload: Payload) -> bool:
    with_traits = [event for event in payload.events if event.type == IDENTIFY or "traits" in event.context]
    return bool(with_traits) or "traits" in payload.context


def _said_around(payload: Payload) -> dict[str, Any]:
    """Return what a payload says of all its events, in the words of its sender, and would be kept."""
    claim = payload.client_claim
    return {
        "userId": claim.user_id,
        "anonymousId": claim.anonymous_id,
        "session": {"id": payload.session_ref},
        "context": payload.context,
        "properties": payload.properties,
        "User-Agent": payload.user_agent,
    }


def _said_by(event: PayloadEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "id": event.message_id,
        "properties": event.properties,
        "context": event.context,
        "tags": event.tags,
    }


def _traits_in(said: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Yield (path, kind, normalised value) of what traits name their person by, whatever the event proves."""
    holders: list[tuple[Path, Any]] = [(("context", "traits"), said["context"].get("traits"))]
    if said.get("type") == IDENTIFY:
        holders.append((("properties",), said["properties"]))
    for path, traits in holders:
        if not isinstance(traits, dict):
            continue
        for key in TRAITS:
            value = optional_id(traits.get(key))
            found = usable(TRAITS[key], value) if value else None
            if found:
                yield (*path, key), TRAITS[key], found


def turn_away(payload: Payload, buried: Buried) -> None:
    """Refuse events of a payload that bring an erased person back, and give a new device's ids to the others."""
    field = _named_by_payload(payload, buried)
    is_told_once = payload.sent is not None and payload.sent.dialect == InboxItem.Dialect.TRACK
    erased_at = _device_erased_at(payload, buried)
    for event in payload.kept:
        # Who was a customer, and asked to be forgotten, is nobody's business: a stranger is not told why.
        refuse = partial(Refusal, "erased", index=event.index, is_private=True, is_secret=not payload.hand.is_vouched)
        place = field or next(_named_by_event(event, payload, buried), "")
        if place:
            is_whole = place == "profile.id" or (field and is_told_once)
            event.refusal = refuse(_NAMED, place if is_whole else payload.place(event, place))
        elif erased_at and event.happened_at <= erased_at:
            event.refusal = refuse(_PAST, payload.place(event, "time"))
    payload.settle()
    payload.client_claim = _begin_anew(payload, buried)


def _device_erased_at(payload: Payload, buried: Buried) -> datetime | None:
    """Return when somebody was erased last whose device, session or profile id the payload comes with."""
    times = [buried[key].erased_at for key in payload.keys if key in buried and buried[key].kind not in PERSONAL]
    return max(times, default=None)


def _named_by_payload(payload: Payload, buried: Buried) -> str:
    claim = payload.client_claim
    user_id = usable(Kind.USER, claim.user_id) if claim.user_id else None
    if user_id and identifier_id(Kind.USER, user_id) in buried:
        return "userId"
    # A sender who is trusted to set ids names people by them, not devices.
    if claim.trusts_ids and claim.profile_ref in buried:
        return "profile.id"
    return next(_mentioned(_said_around(payload), buried), "")


def _mentioned(said: Mapping[str, Any], buried: Buried) -> Iterator[str]:
    """Yield where an erased person is named in what is said, whoever it is about."""
    for path, address in mentions_in(said):
        if identifier_id(Kind.EMAIL, address) in buried:
            yield paths.join(path)
    for path, kind, value in _traits_in(said):
        if identifier_id(kind, value) in buried:
            yield paths.join(path)


def _named_by_event(event: PayloadEvent, payload: Payload, buried: Buried) -> Iterator[str]:
    prefix = "properties."
    for proof in identification.proofs_of(
        event.type, event.properties, source_id=payload.source.id, event_index=event.index
    ):
        if proof.kind in PERSONAL and identifier_id(proof.kind, proof.value) in buried:
            yield prefix + proof.path
    yield from _mentioned(_said_by(event), buried)


def _begin_anew(payload: Payload, buried: Buried) -> Claim:
    claim = payload.client_claim
    successors: dict[str, Any] = {}
    profile = buried.get(claim.profile_ref) if claim.profile_ref else None
    if profile:
        successors["profile_ref"] = profile.successor
    anonymous_id = usable(Kind.ANONYMOUS, claim.anonymous_id) if claim.anonymous_id else None
    device = buried.get(identifier_id(Kind.ANONYMOUS, anonymous_id)) if anonymous_id else None
    if device:
        successors["anonymous_id"] = str(device.successor)
    session = buried.get(payload.session_key) if payload.session_key else None
    if session:
        payload.session_key, payload.session_ref = session.successor, str(session.successor)
    return replace(claim, **successors)
