"""What waits for a connection by which nothing is sent expires all the same: days later nobody may want it any more."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from apps.bridges.lanes import results
from apps.bridges.models import Connection, Delivery
from apps.bridges.models.delivery import LASTS
from apps.core.ids import first_id

PAGE: Final = 1_000


def expire(*, now: datetime) -> int:
    """Set aside what is overdue at connections that are held, or off, and tell who planned it; return how many.

    At all others those who send do so. What is on its way just now is left to them.
    """
    silent = Connection.sending.filter(Q(held_at__isnull=False) | Q(is_enabled=False)).order_by("name")
    return sum(_expire(connection, now=now) for connection in silent)


def _expire(connection: Connection, *, now: datetime) -> int:
    # By the index of what is due; the ids spare a look at rows that are too young.
    old = Delivery.objects.filter(connection=connection, due_at__lte=now, pk__lt=first_id(now - LASTS))
    overdue, n_expired = old.filter(deadline_at__lte=now).order_by("due_at", "pk"), 0
    while True:
        with transaction.atomic():
            page = list(overdue[:PAGE])
            for row in page:
                results.expire(row, now=now)
            results.write(page, kind=connection.kind)
        n_expired += len(page)
        if len(page) < PAGE:
            return n_expired
