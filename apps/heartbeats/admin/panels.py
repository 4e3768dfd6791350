"""What heartbeats show on the pages of people and sessions, of what was and will be said; and their runs with tasks."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.panels import SIDE, UNDER_WAY, panel
from apps.core.admin.shown import badge, link, page_address, rows
from apps.core.admin.under_way import Work
from apps.core.models import Task
from apps.heartbeats import definitions, upcoming
from apps.heartbeats.admin.shown import is_private, when
from apps.heartbeats.models import Heartbeat, HeartbeatRun
from apps.heartbeats.upcoming import Upcoming
from apps.profiles.admin.privacy import SEES_PII
from apps.profiles.models import Profile
from apps.sessions.models import Session

SEES_HEARTBEATS = ("heartbeats.view_heartbeat",)


@panel(Profile, SIDE, title="Silence", order=25, needs=SEES_HEARTBEATS)
def silence(request: HttpRequest, row: Profile) -> SafeString:
    """Show what is said of the person when nothing is heard of them."""
    return _shown(request, upcoming.of_profile(row))


@panel(Session, SIDE, title="Silence", order=35, needs=SEES_HEARTBEATS)
def silence_of_session(request: HttpRequest, row: Session) -> SafeString:
    """Show what is said of the session when nothing happens in it."""
    return _shown(request, upcoming.of_session(row))


@panel(Task, UNDER_WAY, title="Heartbeats", order=30, needs=("heartbeats.view_heartbeatrun",))
def runs(request: HttpRequest) -> list[Work]:
    """Tell of the runs that have not ended; there is one of each heartbeat at most."""
    found = HeartbeatRun.objects.filter(finished_at=None).select_related("heartbeat").order_by("-id")
    return [
        Work(
            f"Find who has gone silent: {run.heartbeat}",
            page_address("heartbeats_heartbeatrun", run.pk),
            run.requested_by or "the clock",
            run.started_at,
            badge(f"{run.n_said:,} told of", "amber"),
        )
        for run in found
    ]


def _shown(request: HttpRequest, found: Iterable[Upcoming]) -> SafeString:
    now = timezone.now()
    return rows(line for each in found if _may_see(request.user, each) for line in _lines(each, now))


def _may_see(user: Any, each: Upcoming) -> bool:
    """Tell whether somebody may read it: of whom one from the command line spoke is not known any more."""
    return user.has_perm(SEES_PII) if each.heartbeat is None else not is_private(user, each.heartbeat)


def _lines(each: Upcoming, now: datetime) -> Iterator[tuple[Any, Any, Any]]:
    if each.heartbeat is None:
        yield "From the command line", _was("was spoken of", each, now), ""
        return
    name = link("heartbeats_heartbeat", each.heartbeat.pk, each.heartbeat)
    will, was = _words(each.heartbeat)
    before = format_html("last {}", when(each.said_at, now=now)) if each.said_at else ""
    if each.is_told:
        yield name, _was(was, each, now), ""
    elif each.is_left_out:
        yield name, "left out: silent for that long already when it began to count", before
    elif each.runs_at is None:
        yield name, format_html("{} when somebody runs it", will), ""
    else:
        yield name, format_html("{} {}", will, when(each.runs_at, now=now)), before


def _was(was: str, each: Upcoming, now: datetime) -> SafeString | str:
    return format_html("{} {}", was, when(each.said_at, now=now)) if each.said_at else "need not be said: it was"


def _words(row: Heartbeat) -> tuple[str, str]:
    """Return what will be said, and what was."""
    strategy = definitions.strategy_of(row)
    if row.event_type == strategy.event.type:
        return strategy.will, strategy.was
    return f"{row.event_type} will be said", f"{row.event_type} was said"
