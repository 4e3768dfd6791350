"""What keeps the event tables in shape: partitions ahead, and an end to what the retention says."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from apps.events import partitions
from apps.events.models import MessageKey, RefusedEvent


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done."""

    made: list[date]
    dropped: list[date]
    n_keys: int
    n_refused: int

    def __str__(self) -> str:
        return (
            f"Made {len(self.made)} partitions, dropped {len(self.dropped)}; "
            f"forgot {self.n_keys} message keys and {self.n_refused} refused events."
        )


def maintain(*, now: datetime) -> Maintained:
    """Make the coming months' partitions and drop what is older than the retention; safe to run twice.

    Runs outside of transactions: a partition is detached without making anybody wait.
    """
    made = partitions.ensure_ahead(now=now, months=settings.PARTITIONS_AHEAD_MONTHS)
    dropped = []
    if settings.EVENT_RETENTION_MONTHS:
        oldest = partitions.next_month(partitions.month_of(now), steps=-settings.EVENT_RETENTION_MONTHS)
        dropped = partitions.drop_before(oldest)
    n_keys = 0
    if settings.MESSAGE_KEY_RETENTION_DAYS:
        limit = now - timedelta(days=settings.MESSAGE_KEY_RETENTION_DAYS)
        n_keys, _ = MessageKey.objects.filter(received_at__lt=limit).delete()
    limit = now - timedelta(days=settings.REFUSED_RETENTION_DAYS)
    n_refused, _ = RefusedEvent.objects.filter(received_at__lt=limit).delete()
    return Maintained(made=made, dropped=dropped, n_keys=n_keys, n_refused=n_refused)
