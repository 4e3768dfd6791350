"""After this stage each profile holds what its events said, each field with who said it and when."""

from apps.collector import event_types
from apps.collector.track import Batch, Track, TrackedEvent
from apps.events import copying
from apps.events.rules import EventRules
from apps.profiles import consents
from apps.profiles.models import Profile


def profile(batch: Batch) -> None:
    """Count visits and events, and copy properties to profiles, in the order of the events; no query."""
    all_rules = event_types.rules()
    for track in batch.going:
        if track.profile is None:
            continue
        _count(track.profile, track)
        for event in track.going:
            if event.decisions:
                _decide(track.profile, event)
            _copy(track.profile, event, all_rules.get(event.type))
        _summarise(track.profile)
        track.profile.updated_at = batch.now


def _count(row: Profile, track: Track) -> None:
    times = [event.happened_at for event in track.going if not event.is_system]
    if not times:
        return
    row.event_count += len(track.going)
    is_new = row.event_count == len(track.going)
    row.first_seen_at = min(times) if is_new else min(row.first_seen_at, *times)
    row.last_seen_at = max(times) if is_new else max(row.last_seen_at, *times)
    if track.starts_visit:
        row.visit_count += 1
        row.previous_visit_at, row.visit_started_at = row.visit_started_at, times[0]


def _decide(row: Profile, event: TrackedEvent) -> None:
    consents.settle(
        consents.stored(event.decisions),
        at=event.happened_at,
        setter=str(event.id),
        consents=row.consents,
        provenance=row.provenance,
    )


def _copy(row: Profile, event: TrackedEvent, rules: EventRules | None) -> None:
    document = row.document
    for name, value in event.profile_traits.items():
        copying.put(
            ("traits", name),
            value,
            time=event.happened_at,
            event_id=event.id,
            document=document,
            provenance=row.provenance,
        )
    if rules is None:
        return
    copied = copying.copy(
        rules,
        properties=event.properties,
        traits=event.traits,
        time=event.happened_at,
        event_id=event.id,
        document=document,
        provenance=row.provenance,
    )
    row.primary_id = document["primary_id"]
    event.problems += [{"field": path, "message": message} for path, message in copied.problems]


def _summarise(row: Profile) -> None:
    """Fill the columns that lists filter and search on from the document that is the truth."""
    data = row.data
    contact = data.get("contact") or {}
    email = next((value for value in (contact.get("email") or {}).values() if value), None)
    row.email = email.strip().lower() if isinstance(email, str) else None
    pii = data.get("pii") or {}
    full_name = " ".join(filter(None, (pii.get("firstname"), pii.get("lastname"))))
    row.name = pii.get("display_name") or full_name
    row.is_anonymous = not (row.primary_id or row.email or data.get("anonymous") is False)
