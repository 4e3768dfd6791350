"""What time it is for heartbeats: all that was received until then is stored.

So it is a fact, and remains one, that whoever was last active a wait period before was silent for so long: nothing
that comes now can change that, and nobody has to be locked to say so. While ingest is behind, the clock is too, and
nobody is called inactive whose events only wait.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection

from apps.events.models import InboxItem

# Requests that are answered just now, and hosts whose clocks differ (see collector's TOLERATED_SKEW).
GRACE: Final = timedelta(seconds=60)
# Of what comes from outside: what waits by its place, and what is tried again. Dead letters wait for somebody.
_CLOCK: Final = """
SELECT now(), least(
    (SELECT received_at FROM events_inboxitem
     WHERE dead_at IS NULL AND retry_at IS NULL AND dialect <> %(platform)s ORDER BY id LIMIT 1),
    (SELECT min(received_at) FROM events_inboxitem
     WHERE retry_at IS NOT NULL AND dead_at IS NULL AND dialect <> %(platform)s)
)
"""


class Clock(NamedTuple):
    """The time by the database, and until when all is stored."""

    now: datetime
    stored_until: datetime

    @property
    def lag_secs(self) -> float:
        """By how much it is held back for what waits."""
        return (self.now - GRACE - self.stored_until).total_seconds()


def read() -> Clock:
    """Read the clock, before anybody is looked at: then no less is stored than it says."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK, {"platform": InboxItem.Dialect.PLATFORM})
        now, oldest = cursor.fetchone()
    return Clock(now, min(now, oldest or now) - GRACE)
