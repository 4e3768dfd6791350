"""When a session begins, when a visit does, and what an event adds to both."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from apps.core.ids import as_uuid, new_id
from apps.sessions.models import Session


def open_session(*, key: UUID | None, reference: str, source_id: UUID, channel: str, at: datetime) -> Session:
    """Make a session (not saved) with the client's id, or one of ours when the client named none."""
    return Session(
        id=key or new_id(),
        client_id="" if as_uuid(reference) else reference,
        source_id=source_id,
        channel=channel,
        started_at=at,
        last_seen_at=at,
    )


def is_over(session: Session, *, at: datetime) -> bool:
    """Tell whether an event at that time is too late to belong to the session's latest visit."""
    if session.status == Session.Status.ENDED:
        return at >= session.last_seen_at  # a late event belongs to what has ended
    return at - session.last_seen_at > settings.VISIT_TIMEOUT


def start_visit(session: Session) -> None:
    """Begin a visit: of a new session, or again in one whose last visit is over."""
    session.visit_count += 1
    session.status = Session.Status.STARTED


def record(session: Session, *, event_type: str, at: datetime, page: str) -> None:
    """Count an event, move the session's ends, and remember its pages; a late event moves only the beginning."""
    session.event_count += 1
    if page:
        session.page_count += event_type in ("page-view", "screen-view")
        if not session.entry_page or at < session.started_at:
            session.entry_page = page
    if at >= session.last_seen_at:
        session.exit_page = page or session.exit_page
        session.status = Session.Status.ENDED if event_type == "visit-ended" else Session.Status.ACTIVE
    session.started_at = min(session.started_at, at)
    session.last_seen_at = max(session.last_seen_at, at)
