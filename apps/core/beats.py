"""Signs of life: a process says that it lives by a row, so that whoever asks the database sees when it last did."""

from datetime import datetime
from enum import StrEnum

from django.db import connection

from apps.core.models import Beat


class Name(StrEnum):
    """Who beats."""

    INGEST = "ingest"  # any process that empties the inbox
    CRON = "cron"  # work that the clock began, so that clock, queue and worker live
    ALERTS = "alerts"  # a process that evaluates alerts
    READINESS = "readiness"  # a web server that proves that it can commit


BEAT = """
INSERT INTO core_beat (name, at) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET at = greatest(core_beat.at, EXCLUDED.at)
"""


def beat(name: Name, *, at: datetime) -> None:
    """Note a sign of life."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [name.value, at])


def last() -> dict[str, datetime]:
    """Return when each was last heard; who never was is not in it."""
    return dict(Beat.objects.values_list("name", "at"))
