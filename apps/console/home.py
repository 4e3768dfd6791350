"""The admin's first page: what happened today, what comes in, and whether anything is stuck."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.utils import timezone

from apps.alerts.models import Incident
from apps.collector import health
from apps.events.models import Event, RefusedEvent, Source, latest_arrival
from apps.events.platform_events import TAG
from apps.profiles.models import Profile
from apps.sessions.models import Session

HOURS = 24
N_TYPES = 8
N_SOURCES = 10
N_INCIDENTS = 10


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of the home page; those who may not see events get none."""
    now = timezone.now()
    if request.user.has_perm("events.view_event"):
        context["cards"] = _cards(now)
        context["hours"] = _hours(now)
        context["types"] = _types(now)
    if request.user.has_perm("events.view_source"):
        context["sources"] = _sources()
        context["n_more_sources"] = max(0, Source.objects.count() - N_SOURCES)
        context["health"] = health.measure()
        context["n_refused"] = RefusedEvent.objects.filter(received_at__gte=now - timedelta(days=1)).count()
    if request.user.has_perm("alerts.view_alert"):
        context["incidents"] = _incidents(now)
    return context


def _incidents(now: datetime) -> QuerySet[Incident]:
    """Read what is open, the latest first, but for what somebody has muted."""
    found = Incident.objects.filter(opened_at__isnull=False, recovered_at=None).select_related("alert")
    return found.exclude(alert__muted_until__gt=now).order_by("-opened_at")[:N_INCIDENTS]


def _cards(now: datetime) -> list[dict[str, Any]]:
    """Compare the last 24 hours with the 24 before, by what happened in them."""
    day = timedelta(days=1)
    counted = (
        ("Events", _said_by_people(), "time"),
        ("New people", Profile.objects, "first_seen_at"),
        ("Sessions", Session.objects, "started_at"),
    )
    cards = []
    for title, rows, column in counted:
        today = rows.filter(**{f"{column}__gte": now - day}).count()
        yesterday = rows.filter(**{f"{column}__gte": now - 2 * day, f"{column}__lt": now - day}).count()
        cards.append({"title": title, "count": today, "change": _change(today, yesterday)})
    return cards


def _change(today: int, yesterday: int) -> str:
    """Compare with the day before, in percent where it had any."""
    return f"{(today - yesterday) / yesterday:+.0%} on the day before" if yesterday else "in the last 24 hours"


def _hours(now: datetime) -> list[dict[str, Any]]:
    """Count events by hour, with the bar's height in percent."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    recent = _said_by_people().filter(time__gte=start, time__lte=now)
    counts = dict(recent.values_list(TruncHour("time", tzinfo=UTC)).annotate(Count("id")))
    highest = max(counts.values(), default=0) or 1
    hours = [start + timedelta(hours=step) for step in range(HOURS)]
    return [{"at": at, "count": counts.get(at, 0), "height": 100 * counts.get(at, 0) // highest} for at in hours]


def _said_by_people() -> QuerySet[Event]:
    """Select the events of which all figures of this page speak: what the platform says itself is no activity."""
    return Event.objects.exclude(tags__contains=[TAG])


def _types(now: datetime) -> Any:
    """Count the events of a week by type, the most frequent first."""
    recent = _said_by_people().filter(time__gte=now - timedelta(days=7))
    return recent.values("type").annotate(count=Count("id")).order_by("-count")[:N_TYPES]


def _sources() -> list[Source]:
    """Read those that sent last, and then those that never did."""
    heard = Source.objects.annotate(latest_at=latest_arrival())
    return list(heard.order_by(F("latest_at").desc(nulls_last=True), "name")[:N_SOURCES])
