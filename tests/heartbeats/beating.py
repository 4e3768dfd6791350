"""What the tests of this folder do with heartbeats: run them, let time pass, and look at what was said."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils import timezone

from apps.collector import accept
from apps.events.models import Event
from apps.heartbeats import running
from apps.heartbeats.models import Heartbeat


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def let_pass(**span: float) -> None:
    """Let everything that has arrived have arrived so long ago."""
    with connection.cursor() as cursor:
        for table in ("profiles_profile", "cdp_sessions_session"):
            cursor.execute(f"UPDATE {table} SET last_active_at = last_active_at - %s", [timedelta(**span)])
    noted = ("due_at", "counted_from", "seen_until", "seen_through_at")
    Heartbeat.objects.update(**{name: F(name) - timedelta(**span) for name in noted})


def process() -> None:
    """Process what waits in the inbox, as ingest does."""
    while accept.ingest(1_000, at=timezone.now()):
        pass


def beat(row: Heartbeat) -> int:
    """Run a heartbeat, let its events be processed, and return how many it said."""
    outcome = running.run(row, by="test", now=timezone.now())
    assert outcome.is_over
    assert not outcome.error
    process()
    return outcome.n_said


def said(type: str) -> list[UUID | None]:
    """Tell of whom the platform said something, in the order of the time at which it says that it happened."""
    return list(Event.objects.filter(type=type).order_by("time").values_list("profile_id", flat=True))
