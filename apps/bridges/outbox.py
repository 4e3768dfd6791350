"""Deliveries as others see them: planned in the transaction of their cause, cancelled, and tried again by hand."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.bridges import jobs
from apps.bridges.endings import endings, tell
from apps.bridges.models import Delivery
from apps.bridges.models.delivery import LASTS
from apps.core import claims
from apps.core.fetch import new
from apps.core.upsert import insert_new

__all__ = ["cancel", "cancel_chosen", "cancel_some", "endings", "make", "plan", "retry"]
Outcome = Delivery.Outcome
PAGE: Final = 1_000
_REVIVED: Final = ("outcome", "ended_at", "n_tries", "deadline_at")
GONE_ON: Final = "A flow that was told how it ended has gone on, by refused or error, and does not come back."
CANCELLED: Final = "It was cancelled before it was sent."


def make(
    connection_id: UUID, key: str, request: dict[str, Any], *, origin: str, now: datetime, **values: Any
) -> Delivery:
    """Make a delivery (not stored): what is asked of a connection, under a key that no other delivery has.

    `values` are of other columns: origin_id, parent_id, profile_id, is_test.
    """
    return new(
        Delivery,
        connection_id=connection_id,
        key=key,
        request=request,
        origin=origin,
        created_at=now,
        due_at=now,
        deadline_at=now + LASTS,
        **values,
    )


def plan(deliveries: Sequence[Delivery]) -> dict[str, Delivery]:
    """Store deliveries in the caller's transaction, in one statement, and let them be sent once it commits.

    One whose key there is already is not stored again. If that one has expired, it is tried again, and as it was: its
    receiver may have it, and expects no other message under its key. Returns {key: the stored one}.
    """
    if not deliveries:
        return {}
    planned = {row.key: row for row in deliveries}
    # Sorted: two transactions that plan the same would wait for each other.
    rows = sorted(deliveries, key=lambda row: row.key)
    n_stored = insert_new(Delivery, rows, by="key")
    if n_stored < len(deliveries):
        planned |= _known(planned, now=rows[0].created_at)
    jobs.nudge()
    return planned


def _known(keys: Collection[str], *, now: datetime) -> dict[str, Delivery]:
    found = {row.key: row for row in _locked(Delivery.objects.filter(key__in=list(keys)))}
    expired = [row for row in found.values() if row.outcome == Outcome.EXPIRED]
    for row in expired:
        _revive(row, now=now)
    claims.write(expired, *_REVIVED)
    return found


def _locked(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return deliveries.order_by("id").select_for_update(no_key=True)


def cancel(origin: str, ids: Collection[UUID], *, now: datetime) -> int:
    """Let nothing more be sent of what these have planned, in the caller's transaction; return how many that stopped.

    `ids` are those of the origin. Nobody is told: whoever cancels knows. What is on its way just now may still arrive,
    and is shown as delivered then.
    """
    return len(_cancel(Delivery.objects.filter(origin=origin, origin_id__in=ids), now=now))


def cancel_some(ids: Collection[UUID], *, now: datetime) -> int:
    """Do the same to some deliveries, by their own ids."""
    return len(_cancel(Delivery.objects.filter(pk__in=ids), now=now)) if ids else 0


def cancel_chosen(deliveries: QuerySet[Delivery], *, now: datetime) -> list[UUID]:
    """Cancel deliveries that somebody chose, page by page, and tell who planned them; return those that waited."""
    done: list[UUID] = []
    while True:
        with transaction.atomic():
            page = list(deliveries.filter(due_at__isnull=False).order_by("id")[:PAGE])
            for row in page:
                row.outcome, row.ended_at, row.error = Delivery.Outcome.CANCELLED, now, CANCELLED
            tell(page)
            done += _cancel(Delivery.objects.filter(pk__in=[row.pk for row in page]), now=now)
        if len(page) < PAGE:
            return done


def _cancel(deliveries: QuerySet[Delivery], *, now: datetime) -> list[UUID]:
    ids = list(_locked(deliveries.filter(due_at__isnull=False)).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(
        due_at=None, outcome=Delivery.Outcome.CANCELLED, ended_at=now, error=CANCELLED
    )
    return ids


def retry(deliveries: QuerySet[Delivery], *, now: datetime) -> list[UUID]:
    """Let deliveries that somebody chose be tried at once, page by page; return those of which that is true.

    What was refused, expired or cancelled is tried as if it were new, though who planned it may have gone on. What
    rests is not waited for any longer, unless it comes within a minute: it may be on its way. What was delivered is
    not sent again.
    """
    is_over = Q(outcome__in=(Outcome.REFUSED, Outcome.EXPIRED, Outcome.CANCELLED))
    chosen = deliveries.filter(is_over | Q(due_at__gt=now + Delivery.LEASE))
    done: list[UUID] = []
    while True:
        with transaction.atomic():
            page = chosen.filter(pk__gt=done[-1]) if done else chosen
            rows = list(_locked(page)[:PAGE])
            for row in rows:
                _revive(row, now=now)
            claims.write(rows, *_REVIVED)
            jobs.nudge()
        done += [row.pk for row in rows]
        if len(rows) < PAGE:
            return done


def _revive(row: Delivery, *, now: datetime) -> None:
    if row.outcome != Outcome.WAITING:
        row.outcome, row.ended_at, row.deadline_at = Outcome.WAITING, None, now + LASTS
    row.revive(now=now)
    row.n_tries, row.error = 0, ""
