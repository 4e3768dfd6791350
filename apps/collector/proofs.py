"""What the events of a payload prove of whose it is, beside what its client claims."""

from collections.abc import Collection, Iterator
from uuid import UUID

from apps.collector.payload import Payload
from apps.events.resolution import identification
from apps.profiles.identifiers import identifier_id, usable
from apps.profiles.identity import Claim
from apps.profiles.leads import Proof
from apps.profiles.models import Identifier

Kind = Identifier.Kind


def claim(payload: Payload, *, buried: Collection[UUID] = ()) -> None:
    """Let a payload claim what its client says and its events prove, but for what names nobody, or who was erased.

    By its events as they are now: called again where some of them, or of what they say, was taken away.
    """
    said = payload.client_claim
    proofs = list(_proofs_of(payload))
    if buried:
        proofs = [proof for proof in proofs if identifier_id(proof.kind, proof.value) not in buried]
    user_id = _usable(Kind.USER, said.user_id)
    anonymous_id = _usable(Kind.ANONYMOUS, said.anonymous_id)
    if user_id is None and proofs:
        user_id = _take_user(proofs)
    are_usable = (user_id, anonymous_id) == (said.user_id, said.anonymous_id)
    if not are_usable and user_id is None and anonymous_id is None:
        _belong_to_session(payload, is_named=bool(said.profile_ref or proofs))
    if proofs or not are_usable:
        # Field by field: each event with a proof comes by here, and `replace` would cost more than the claim itself.
        said = Claim(said.profile_ref, user_id, anonymous_id, said.trusts_ids, tuple(proofs))
    payload.claim = said


def _usable(kind: str, value: str | None) -> str | None:
    return usable(kind, value) if value else None


def _proofs_of(payload: Payload) -> Iterator[Proof]:
    points = identification.current.get()  # most types have none
    for event in payload.going:
        if event.is_valid and event.type in points:
            yield from identification.proofs_of(
                event.type, event.properties, source_id=payload.source.id, event_index=event.index
            )


def _take_user(proofs: list[Proof]) -> str | None:
    """Take the first user id out of what is proven: it is as good as one that the client claims."""
    for proof in proofs:
        if proof.kind == Kind.USER and not proof.is_former:
            proofs.remove(proof)
            return proof.value
    return None


def _belong_to_session(payload: Payload, *, is_named: bool) -> None:
    """Let a payload of which all names are blocked belong to somebody by its session, or by what else names them."""
    if payload.session_key is None:
        payload.saves_session = False
        if not is_named:
            payload.is_profileless = True
