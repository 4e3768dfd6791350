"""Who was erased does not come back: what his devices and other systems send of him later.

What names him is refused, with nothing of it kept. What only names a device begins anew, as somebody of whom nothing is
known: its old ids are replaced by successors before anybody looks them up. What happened before the erasure is refused.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from apps.collector.track import Refusal, Track, TrackedEvent
from apps.core import paths
from apps.events import identification
from apps.profiles.burial import PERSONAL
from apps.profiles.identifiers import identifier_id, usable
from apps.profiles.identity import Claim
from apps.profiles.models import ErasedId, Identifier
from apps.profiles.traces import addresses_in

Kind = Identifier.Kind
Buried = Mapping[UUID, ErasedId]
_NAMED: Final = "It names a person who was erased. Whoever may lift tombstones can let him come back."
_PAST: Final = "It happened before the person whom it is about was erased."


def names_in(tracks: Collection[Track]) -> set[UUID]:
    """List all by which the tracks may name somebody: their keys, and e-mail addresses wherever they stand."""
    addresses = {address for track in tracks for event in track.kept for _, address in addresses_in(event.properties)}
    return {identifier_id(Kind.EMAIL, address) for address in addresses}.union(*(track.keys for track in tracks))


def turn_away(track: Track, buried: Buried) -> None:
    """Refuse events of a track that bring an erased person back, and give a new device's ids to the others."""
    field = _named_by_claim(track.client_claim, buried)
    devices = [buried[key] for key in track.keys if key in buried and buried[key].kind not in PERSONAL]
    for event in track.kept:
        # Who was a customer, and asked to be forgotten, is nobody's business: a stranger is not told why.
        refuse = partial(Refusal, "erased", index=event.index, is_private=True, is_secret=not track.hand.is_vouched)
        place = field or next(_named_by_event(event, track, buried), "")
        if place:
            event.refusal = refuse(_NAMED, place if place == "profile.id" else track.place(event, place))
        elif any(event.happened_at <= device.erased_at for device in devices):
            event.refusal = refuse(_PAST, track.place(event, "time"))
    track.settle()
    track.client_claim = _begin_anew(track, buried)


def _named_by_claim(claim: Claim, buried: Buried) -> str:
    user_id = usable(Kind.USER, claim.user_id) if claim.user_id else None
    if user_id and identifier_id(Kind.USER, user_id) in buried:
        return "userId"
    # A sender who is trusted to set ids names people by them, not devices.
    return "profile.id" if claim.trusts_ids and claim.profile_ref in buried else ""


def _named_by_event(event: TrackedEvent, track: Track, buried: Buried) -> Iterator[str]:
    prefix = "properties."
    for proof in identification.proofs_of(
        event.type, event.properties, source_id=track.source.id, event_index=event.index
    ):
        if proof.kind in PERSONAL and identifier_id(proof.kind, proof.value) in buried:
            yield prefix + proof.path
    for path, address in addresses_in(event.properties):
        if identifier_id(Kind.EMAIL, address) in buried:
            yield prefix + paths.join(path)


def _begin_anew(track: Track, buried: Buried) -> Claim:
    claim = track.client_claim
    successors: dict[str, Any] = {}
    profile = buried.get(claim.profile_ref) if claim.profile_ref else None
    if profile:
        successors["profile_ref"] = profile.successor
    anonymous_id = usable(Kind.ANONYMOUS, claim.anonymous_id) if claim.anonymous_id else None
    device = buried.get(identifier_id(Kind.ANONYMOUS, anonymous_id)) if anonymous_id else None
    if device:
        successors["anonymous_id"] = str(device.successor)
    session = buried.get(track.session_key) if track.session_key else None
    if session:
        track.session_key, track.session_ref = session.successor, str(session.successor)
    return replace(claim, **successors)
