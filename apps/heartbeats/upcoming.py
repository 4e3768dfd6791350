"""What heartbeats will say of somebody, and when, if nothing is heard until then; and what they have said."""

from collections.abc import Iterable, Iterator, Mapping
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

    heartbeat: Heartbeat | None  # None: one from the command line, which nobody saved
    ripens_at: datetime
    said_at: datetime | None  # at last, of this silence or an earlier one
    is_told: bool  # nothing more is to be said of this silence; without `said_at`, as the client did
    runs_at: datetime | None = None  # when it will be said; None: it was, or somebody has to run the heartbeat
    is_left_out: bool = False  # nothing is said of this silence: it was long enough already when counting began


def of_profile(profile: Profile) -> list[Upcoming]:
    """List what concerns a person, what comes first at the top."""
    told = _told_of(ledger.raw_ids([profile.id]))
    rows = _of(Of.PROFILE)
    is_bot = bool(rows and silent_people.bots([profile.id]))
    silent = Silent(profile.id, profile.last_active_at, profile_id=profile.id, is_bot=is_bot)
    return _upcoming(rows, silent, told)


def of_session(session: Session) -> list[Upcoming]:
    """List what concerns a session, what comes first at the top; once it has ended, what was said of it."""
    rows = [row for row in _of(Of.SESSION) if row.source_id in (None, session.source_id)]
    silent = Silent(
        session.id,
        session.last_active_at,
        profile_id=session.original_profile_id,
        session_id=session.id,
        is_bot=session.is_bot,
    )
    upcoming = _upcoming(rows, silent, _told_of([session.id]))
    return [each for each in upcoming if each.is_told or session.status != Session.Status.ENDED]


def _of(of: Of) -> list[Heartbeat]:
    """Read the heartbeats of a kind; of those that are off, it is still known what they said."""
    keys = [key for key, strategy in strategies.items() if strategy.of is of]
    rows = Heartbeat.objects.filter(strategy__in=keys).order_by("name")
    return list(rows.select_related("segment", "consent", "source"))


def _told_of(ids: Iterable[UUID]) -> dict[UUID, list[Silence]]:
    """Read what each heartbeat has said of somebody."""
    told: dict[UUID, list[Silence]] = {}
    for each in Silence.objects.filter(subject_id__in=ids).order_by("began_at", "said_at"):
        told.setdefault(each.heartbeat_id, []).append(each)
    return told


def _upcoming(rows: Iterable[Heartbeat], silent: Silent, told: Mapping[UUID, list[Silence]]) -> list[Upcoming]:
    now = timezone.now()
    found = [
        _told(row, silent, told.get(row.id, [])) or _to_tell(row, silent, told.get(row.id, []), now) for row in rows
    ]
    of_commands = _by_command(told) if told else ()
    return sorted(filter(None, [*found, *of_commands]), key=lambda each: (not each.is_told, each.ripens_at))


def _by_command(told: Mapping[UUID, list[Silence]]) -> Iterator[Upcoming]:
    saved = set(Heartbeat.objects.filter(pk__in=told).values_list("pk", flat=True))
    for id, silences in told.items():
        if id not in saved:
            yield Upcoming(None, silences[-1].ripened_at, _last_said(silences), is_told=True)


def _told(row: Heartbeat, silent: Silent, told: list[Silence]) -> Upcoming | None:
    if row.rearm == Heartbeat.Rearm.SILENCE:
        told = [each for each in told if each.began_at >= silent.last_active_at]
    return Upcoming(row, told[-1].ripened_at, _last_said(told), is_told=True) if told else None


def _to_tell(row: Heartbeat, silent: Silent, told: list[Silence], now: datetime) -> Upcoming | None:
    if not row.is_enabled or not _is_in_scope(row, silent, now):
        return None
    ripens_at, first = silent.last_active_at + row.wait_period, running.first_since(row, now=now)
    if first and silent.last_active_at <= first:
        return Upcoming(row, ripens_at, _last_said(told), is_told=False, is_left_out=True)
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
