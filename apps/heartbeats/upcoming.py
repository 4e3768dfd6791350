"""What heartbeats will say of somebody, and when, if nothing is heard until then; and what they have said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps.core.mistakes import DefinitionError
from apps.heartbeats import running, scope, silent_people
from apps.heartbeats.models import Heartbeat, Silence
from apps.heartbeats.silent import Place, Silent
from apps.heartbeats.strategy import Of, strategies
from apps.profiles import ledger
from apps.profiles.models import Profile
from apps.sessions.models import Session


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A heartbeat, and when a silence ripens, or that it was told of already."""

    heartbeat: Heartbeat
    ripens_at: datetime
    said_at: datetime | None  # of this silence, or ever where that is said once
    is_told: bool  # nothing more will be said; without `said_at`, as the client did


def of_profile(profile: Profile) -> list[Upcoming]:
    """List what concerns a person, what comes first at the top."""
    place = Place(profile.last_active_at, profile.id)
    is_bot = bool(silent_people.bots([profile.id]))
    return _of(Of.PROFILE, Silent(place, profile.last_active_at, profile_id=profile.id, is_bot=is_bot))


def of_session(session: Session) -> list[Upcoming]:
    """List what concerns a session, what comes first at the top; once it has ended, what was said of it."""
    silent = Silent(
        Place(session.last_active_at, session.id),
        session.last_active_at,
        profile_id=session.original_profile_id,
        session_id=session.id,
        is_bot=session.is_bot,
    )
    upcoming = _of(Of.SESSION, silent, source_id=session.source_id)
    return [each for each in upcoming if each.is_told or session.status != Session.Status.ENDED]


def _of(of: Of, silent: Silent, *, source_id: UUID | None = None) -> list[Upcoming]:
    keys = [key for key, strategy in strategies.items() if strategy.of is of]
    rows = Heartbeat.objects.filter(is_enabled=True, strategy__in=keys)
    if of is Of.SESSION:
        rows = rows.filter(Q(source=None) | Q(source_id=source_id))
    said = _said(silent, of)
    found = [_upcoming(row, silent, said.get(row.id, [])) for row in rows if _is_in_scope(row, silent)]
    return sorted(filter(None, found), key=lambda each: each.ripens_at)


def _said(silent: Silent, of: Of) -> dict[UUID, list[Silence]]:
    ids = ledger.raw_ids([silent.id]) if of is Of.PROFILE else [silent.id]
    found: dict[UUID, list[Silence]] = {}
    for each in Silence.objects.filter(subject_id__in=ids).order_by("began_at", "said_at"):
        found.setdefault(each.heartbeat_id, []).append(each)
    return found


def _is_in_scope(row: Heartbeat, silent: Silent) -> bool:
    try:
        return bool(scope.narrow(row, [silent], now=timezone.now()))
    except DefinitionError:
        return False  # which its own page says


def _upcoming(row: Heartbeat, silent: Silent, said: list[Silence]) -> Upcoming | None:
    if row.rearm == Heartbeat.Rearm.SILENCE:
        said = [each for each in said if each.began_at >= silent.last_active_at]
    ripens_at = silent.last_active_at + row.wait_period
    if said:
        times = [each.said_at for each in said if each.said_at]
        return Upcoming(row, said[-1].ripened_at, max(times, default=None), is_told=True)
    first = running.first_since(row, now=timezone.now())
    if first and silent.last_active_at <= first:
        return None  # it was silent for that long when the heartbeat began
    return Upcoming(row, ripens_at, None, is_told=False)
