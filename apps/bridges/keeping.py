"""For how long deliveries are kept that have ended."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from apps.bridges.models import Delivery
from apps.core.ids import first_id

PAGE: Final = 5_000


def forget_old(*, now: datetime) -> int:
    """Delete those that ended longer ago than the settings say, page by page; return how many. 0 days keep all."""
    if not settings.DELIVERY_RETENTION_DAYS:
        return 0
    until, n_deleted = now - timedelta(days=settings.DELIVERY_RETENTION_DAYS), 0
    old = Delivery.objects.filter(pk__lt=first_id(until)).order_by("pk").values_list("pk", "due_at", "ended_at")
    page = list(old[:PAGE])
    while page:
        over = [pk for pk, due_at, ended_at in page if due_at is None and ended_at and ended_at < until]
        n_deleted += Delivery.objects.filter(pk__in=over).delete()[0]
        page = list(old.filter(pk__gt=page[-1][0])[:PAGE])
    return n_deleted
