"""What keeps the event tables in shape: partitions ahead, and an end to what the retention says."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import F, OuterRef, Q, Subquery

from apps.events.models import ArrivalCount, MessageKey, QuarantinedEvent, RefusalCount, RefusedEvent
from apps.events.store import partitions

ARRIVALS_KEPT: Final = timedelta(weeks=10)  # the weeks of which is learned when a source is silent, and some more


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done."""

    made: list[date]
    dropped: list[date]
    n_keys: int
    n_refused: int
    n_quarantined: int

    def __str__(self) -> str:
        return (
            f"Made {len(self.made)} partition{'s' * (len(self.made) != 1)}, dropped {len(self.dropped)}; "
            f"forgot {self.n_keys} message keys, {self.n_refused} refused and {self.n_quarantined} quarantined events."
        )


def maintain(*, now: datetime) -> Maintained:
    """Make the coming months' partitions and drop what is older than the retention; safe to run twice.

    Runs outside of transactions: a partition is detached without making anybody wait.
    """
    made = partitions.ensure_ahead(now=now, months=settings.PARTITIONS_AHEAD_MONTHS)
    dropped: list[date] = []
    if settings.EVENT_RETENTION_MONTHS:
        oldest = partitions.next_month(partitions.month_of(now), steps=-settings.EVENT_RETENTION_MONTHS)
        dropped = partitions.drop_before(oldest)
    n_keys = _forget(MessageKey, days=settings.MESSAGE_KEY_RETENTION_DAYS, now=now)
    n_refused, _ = RefusedEvent.objects.filter(
        received_at__lt=now - timedelta(days=settings.REFUSED_RETENTION_DAYS)
    ).delete()
    RefusalCount.objects.filter(day__lt=now - timedelta(days=settings.REFUSED_RETENTION_DAYS)).delete()
    _forget_arrivals(now - ARRIVALS_KEPT)
    n_quarantined = _forget(QuarantinedEvent, days=settings.QUARANTINE_RETENTION_DAYS, now=now)
    return Maintained(made, dropped, n_keys, n_refused, n_quarantined)


def _forget_arrivals(before: datetime) -> None:
    """Delete the counts from before, but for the last one of a source: by that it is known to be silent."""
    heard = ArrivalCount.objects.filter(source_id=OuterRef("source_id"), latest_at__isnull=False).order_by("-at")
    old = ArrivalCount.objects.filter(at__lt=before).annotate(heard_at=Subquery(heard.values("at")[:1]))
    old.filter(~Q(at=F("heard_at")) | Q(heard_at=None)).delete()


def _forget(model: type[MessageKey] | type[QuarantinedEvent], *, days: int, now: datetime) -> int:
    """Delete what was received more than so many days ago; 0 keeps everything."""
    if not days:
        return 0
    n_deleted, _ = model.objects.filter(received_at__lt=now - timedelta(days=days)).delete()
    return n_deleted
