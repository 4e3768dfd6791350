"""What heartbeats will say of somebody, and when, if nothing is heard until then; and what they have said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from apps.core.mistakes import DefinitionError
from apps.heartbeats import clock, definitions, running, scope, silent_people
from apps.heartbeats.models import Heartbeat, Silence
from apps.heartbeats.silent import Silent
from apps.heartbeats.strategy import Of, strategies
from apps.profiles import ledger
from apps.profiles.models import Profile
from apps.sessions.models import Session


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What a heartbeat has said of somebody, or will say, if nothing is heard of them until then."""

    heartbeat: Heartbeat
    ripens_at: datetime
    said_at: datetime | None  # at last, of this silence or an earlier one
    is_told: bool  # nothing more is to be said of this silence; without `said_at`, as the client did
    runs_at: datetime | None = None  # when it will be said; None: it was, or somebody has to run the heartbeat


def of_profile(profile: Profile) -> list[Upcoming]:
    """List what concerns a person, what comes first at the top."""
    rows = _of(Of.PROFILE)
    if not rows:
        return []
    is_bot = bool(silent_people.bots([profile.id]))
    silent = Silent(profile.id, profile.last_active_at, profile_id=profile.id, is_bot=is_bot)
    return _upcoming(rows, silent, ids=ledger.raw_ids([profile.id]))


def of_session(session: Session) -> list[Upcoming]:
    """List what concerns a session, what comes first at the top; once it has ended, what was said of it."""
    rows = [row for row in _of(Of.SESSION) if row.source_id in (None, session.source_id)]
    if not rows:
        return []
    silent = Silent(
        session.id,
        session.last_active_at,
        profile_id=session.original_profile_id,
        session_id=session.id,
        is_bot=session.is_bot,
    )
    upcoming = _upcoming(rows, silent, ids=[session.id])
    return [each for each in upcoming if each.is_told or session.status != Session.Status.ENDED]


def _of(of: Of) -> list[Heartbeat]:
    """Read the heartbeats of a kind; of those that are off, it is still known what they said."""
    keys = [key for key, strategy in strategies.items() if strategy.of is of]
    rows = Heartbeat.objects.filter(strategy__in=keys).order_by("name")
    return list(rows.select_related("segment", "consent", "source"))


def _upcoming(rows: Iterable[Heartbeat], silent: Silent, *, ids: Iterable[UUID]) -> list[Upcoming]:
    told: dict[UUID, list[Silence]] = {}
    for each in Silence.objects.filter(subject_id__in=ids).order_by("began_at", "said_at"):
        told.setdefault(each.heartbeat_id, []).append(each)
    now = timezone.now()
    found = [
        _told(row, silent, told.get(row.id, [])) or _to_tell(row, silent, told.get(row.id, []), now) for row in rows
    ]
    return sorted(filter(None, found), key=lambda each: (not each.is_told, each.ripens_at))


def _told(row: Heartbeat, silent: Silent, told: list[Silence]) -> Upcoming | None:
    if row.rearm == Heartbeat.Rearm.SILENCE:
        told = [each for each in told if each.began_at >= silent.last_active_at]
    return Upcoming(row, told[-1].ripened_at, _last_said(told), is_told=True) if told else None


def _to_tell(row: Heartbeat, silent: Silent, told: list[Silence], now: datetime) -> Upcoming | None:
    first = running.first_since(row, now=now)
    if not row.is_enabled or (first and silent.last_active_at <= first):  # it was silent so long when it began
        return None
    if not _is_in_scope(row, silent, now):
        return None
    ripens_at = silent.last_active_at + row.wait_period
    runs_at = definitions.next_run(row, after=max(now, ripens_at + clock.GRACE))
    return Upcoming(row, ripens_at, _last_said(told), is_told=False, runs_at=runs_at)


def _last_said(told: Iterable[Silence]) -> datetime | None:
    return max((each.said_at for each in told if each.said_at), default=None)


def _is_in_scope(row: Heartbeat, silent: Silent, now: datetime) -> bool:
    try:
        if silent.profile_id is None and definitions.strategy_of(row).act is None:
            return False  # there is nobody of whom it could be said
        return bool(scope.narrow(row, [silent], now=now))
    except DefinitionError:
        return False  # which its own page says
