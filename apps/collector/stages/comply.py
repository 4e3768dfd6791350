"""After this stage only events remain that the person's consents allow to keep."""

from datetime import datetime

from apps.collector.track import Batch, Refusal, Track
from apps.profiles.models import Profile

CONSENT_EVENT = "consent-update"


def comply(batch: Batch) -> None:
    """Refuse the events of a source that requires consent, for people who have given none; default deny.

    A consent that comes in the same payload counts for the events after it.
    """
    for track in batch.going:
        if track.source.requires_consent:
            _comply_track(track, now=batch.now)


def _comply_track(track: Track, *, now: datetime) -> None:
    has_consent = track.profile is not None and gives_consent(track.profile, now=now)
    said = [event for event in track.going if not event.is_system]
    for event in said:
        if event.type == CONSENT_EVENT:
            has_consent = has_consent or bool(event.properties.get("consents"))
        elif not has_consent:
            message = "The source requires consent, and the profile has given none."
            event.refusal = Refusal("consent_required", message, f"events.{event.index}", event.index)
    if all(event.refusal for event in said):
        track.events = [event for event in track.events if not event.is_system]
    track.settle()


def gives_consent(profile: Profile, *, now: datetime) -> bool:
    """Tell whether at least one consent of the profile is granted and not yet revoked."""
    for consent in profile.consents.values():
        revoke = consent.get("revoke") if isinstance(consent, dict) else None
        if revoke is None or revoke > now.isoformat():
            return True
    return False
