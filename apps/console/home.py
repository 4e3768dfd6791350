"""The admin's first page: what happened today, what comes in, and whether anything is stuck."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q
from django.http import HttpRequest
from django.utils import timezone
from django_rq import get_queue
from redis.exceptions import RedisError
from rq import Worker

from apps.core.queues import QueueName
from apps.events.models import Event, InboxItem, RefusedEvent, Source
from apps.profiles.models import Profile
from apps.sessions.models import Session

HOURS = 24
N_TYPES = 8


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of the home page; those who may not see events get none."""
    now = timezone.now()
    if request.user.has_perm("events.view_event"):
        context["cards"] = _cards(now)
        context["hours"] = _hours(now)
        context["types"] = _types(now)
    if request.user.has_perm("events.view_source"):
        context["sources"] = _sources()
        context["inbox"] = InboxItem.objects.aggregate(
            waiting=Count("id", filter=Q(parked_at=None)),
            parked=Count("id", filter=Q(parked_at__isnull=False)),
            oldest=Min("received_at", filter=Q(parked_at=None)),
        )
        context["n_refused"] = RefusedEvent.objects.filter(received_at__gte=now - timedelta(days=1)).count()
        context["queues"] = _queues()
    return context


def _cards(now: datetime) -> list[dict[str, Any]]:
    """Compare the last 24 hours with the 24 before, by what happened in them."""
    day = timedelta(days=1)
    counted = (
        ("Events", Event.objects, "time"),
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
    return f"{(today - yesterday) / yesterday:+.0%} on the day before" if yesterday else "in the last 24 hours"


def _hours(now: datetime) -> list[dict[str, Any]]:
    """Count events by hour, with the bar's height in percent."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc('hour', time), count(*) FROM events_event WHERE time >= %s AND time <= %s GROUP BY 1",
            [start, now],
        )
        counts = dict(cursor.fetchall())
    highest = max(counts.values(), default=0) or 1
    hours = [start + timedelta(hours=step) for step in range(HOURS)]
    return [{"at": at, "count": counts.get(at, 0), "height": 100 * counts.get(at, 0) // highest} for at in hours]


def _types(now: datetime) -> Any:
    recent = Event.objects.filter(time__gte=now - timedelta(days=7)).exclude(tags__contains=["event:system"])
    return recent.values("type").annotate(count=Count("id")).order_by("-count")[:N_TYPES]


def _sources() -> list[dict[str, Any]]:
    found = []
    for source in Source.objects.order_by("name")[:10]:
        latest = Event.objects.filter(source_id=source.id).order_by("-id").only("received_at").first()
        found.append({"source": source, "latest": latest.received_at if latest else None})
    return found


def _queues() -> list[dict[str, Any]]:
    try:
        return [
            {"name": name.value, "depth": len(queue), "n_workers": Worker.count(queue=queue)}
            for name in QueueName
            for queue in (get_queue(name.value),)
        ]
    except RedisError:
        return []
