"""When a session begins, when a visit does, and what an event adds to both.

An event belongs to a visit if it happened within it, or by no more than `VISIT_TIMEOUT` before or after. So each event
is judged by its own time: it makes no difference which others it came with, and in which order they came.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from apps.core.ids import as_uuid, new_id
from apps.sessions.models import Session
from apps.sessions.visited_page import VIEWS

MAX_VISITS: Final = 20  # of a session whose times are kept; what is older than the oldest of them is of a past visit
END: Final = "visit-ended"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


def open_session(
    *,
    key: UUID | None,
    reference: str,
    source_id: UUID,
    channel: str,
    at: datetime,
    active_at: datetime,
    after: Session | None = None,
) -> Session:
    """Make a session (not saved) with the client's id, or one of ours when the client named none.

    It remembers the visits of the session `after` which it comes on its device: what arrives late belongs to those.
    """
    return Session(
        id=key or new_id(),
        client_id="" if as_uuid(reference) else reference,
        source_id=source_id,
        channel=channel,
        started_at=at,
        last_seen_at=at,
        last_active_at=active_at,
        visits=[span[:] for span in _visits_of(after)] if after else [],
    )


def is_over(session: Session, *, at: datetime) -> bool:
    """Tell whether an event at that time is too late to belong to the session's latest visit."""
    if session.status == Session.Status.ENDED:
        return at >= session.last_seen_at  # a late event belongs to what has ended
    return at - session.last_seen_at > settings.VISIT_TIMEOUT


def join_visit(session: Session, *, at: datetime) -> bool:
    """Let an event of that time belong to a visit, and tell whether there is one."""
    if session.status == Session.Status.ENDED and at >= session.last_seen_at:
        return False
    visits, moment, timeout = _visits_of(session), _ticks(at - _EPOCH), _ticks(settings.VISIT_TIMEOUT)
    for visit in reversed(visits):
        start, end = visit
        if start - timeout <= moment <= end + timeout:
            if not start <= moment <= end:
                visit[:] = min(start, moment), max(end, moment)
            return True
    return len(visits) == MAX_VISITS and moment < visits[0][0]


def start_visit(session: Session, *, at: datetime) -> None:
    """Begin a visit: of a new session, or again in one, also before or between its others if it becomes known late."""
    session.visits = sorted([*_visits_of(session), [_ticks(at - _EPOCH)] * 2])[-MAX_VISITS:]
    session.visit_count += 1
    if at >= session.last_seen_at:
        session.status = Session.Status.STARTED


def record(session: Session, *, event_type: str, at: datetime, page: str) -> None:
    """Count an event, move the session's ends, and remember its pages; a late event moves only the beginning."""
    session.event_count += 1
    session.page_count += event_type in VIEWS
    if page and (not session.entry_page or at < session.started_at):
        session.entry_page = page
    if at >= session.last_seen_at:
        session.exit_page = page or session.exit_page
        session.status = Session.Status.ENDED if event_type == END else Session.Status.ACTIVE
        session.last_seen_at = at
    if at < session.started_at:
        session.started_at = at


def forget_future(session: Session, *, now: datetime) -> None:
    """Let nothing of a session lie after now: it came while our clock was ahead, and no visit would open."""
    session.last_active_at = min(session.last_active_at, now)
    if session.last_seen_at <= now:
        return
    moment = _ticks(now - _EPOCH)
    session.visits = [[start, min(end, moment)] for start, end in session.visits if start <= moment]
    latest = max((end for _, end in session.visits), default=moment)
    session.last_seen_at = _EPOCH + latest * _TICK
    session.started_at = min(session.started_at, session.last_seen_at)


def _visits_of(session: Session) -> list[list[int]]:
    """Return the [start, end] of its visits, in their order; an old row that keeps none has one, from end to end."""
    if not session.visits and session.visit_count:
        session.visits = [[_ticks(session.started_at - _EPOCH), _ticks(session.last_seen_at - _EPOCH)]]
    visits: list[list[int]] = session.visits
    return visits


def _ticks(span: timedelta) -> int:
    # A good deal quicker than a division.
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
