"""After this stage only events remain that the person's consents allow to keep; what was refused has left no trace."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from apps.collector.track import Batch, Refusal, Track, TrackedEvent
from apps.events import copying
from apps.events.copying import Said
from apps.profiles.schema import FieldError

CONSENT_EVENT = "consent-update"


class Held(NamedTuple):
    """The consents of a profile as the batch goes on, with when each was said; the profile itself is left alone."""

    document: dict[str, Any]
    provenance: dict[str, list[str]]


def comply(batch: Batch) -> None:
    """Refuse the events of a source that requires consent, for people who have given none; default deny.

    A consent counts, and a withdrawal takes effect, from the next event on, be it of the same batch.
    """
    if not any(track.source.requires_consent for track in batch.going):
        return
    known: dict[UUID, Held] = {}
    for track in batch.going:
        held = _held(track, known)
        for event in track.going:
            if event.type == CONSENT_EVENT:
                if event.is_valid:
                    _hear(held, event)
            elif track.source.requires_consent and not is_given(held.document["consents"], now=batch.now):
                message = "The source requires consent, and the profile has given none."
                event.refusal = Refusal("consent_required", message, f"events.{event.index}", event.index)
        track.settle()


def _held(track: Track, known: dict[UUID, Held]) -> Held:
    if track.profile is None:
        return Held({"consents": {}}, {})
    held = known.get(track.profile.id, Held({"consents": track.profile.consents}, track.profile.provenance))
    own = Held({"consents": dict(held.document["consents"])}, dict(held.provenance))
    if track.saves_profile:
        known[track.profile.id] = own
    return own


def _hear(held: Held, event: TrackedEvent) -> None:
    said = event.properties.get("consents")
    heard = Said(event.properties, {}, event.happened_at, event.id)
    for consent_id, consent in said.items() if isinstance(said, dict) else ():
        if consent is None:
            continue
        try:
            copying.put(("consents", consent_id), consent, heard, **held._asdict())
        except FieldError:
            continue  # the stage `profile` will note it as a problem of the event


def is_given(consents: dict[str, Any], *, now: datetime) -> bool:
    """Tell whether at least one consent is granted and not yet revoked."""
    for consent in consents.values():
        revoke = consent.get("revoke") if isinstance(consent, dict) else None
        if revoke is None or revoke > now.isoformat():
            return True
    return False
