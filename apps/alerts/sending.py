"""Sends what is to be told, again and again until it is there; each channel by itself, so that none holds others up.

A row is leased, sent, and then written as sent: who is killed in between leaves it to the next one, who sends it again
under the same id, by which receivers know it.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.alerts import delivery
from apps.alerts.delivery import DeliveryError
from apps.alerts.models import Notification
from apps.alerts.notices import notice_of
from apps.core import claims
from apps.core.claims import Lease

logger = logging.getLogger(__name__)
AT_ONCE: Final = 8  # channels
MUTED_REST: Final = timedelta(seconds=30)  # then it is looked whether it still is: a mute can be ended early
OFF: Final = "The channel is switched off."


class Sender:
    """Sends on threads, one for a channel; a channel that takes long is left to it, and all others go on."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="alerts")
        self._busy: dict[UUID, Future[None]] = {}

    def begin(self) -> None:
        """Let what is due be sent, of channels with which nobody is busy."""
        self._busy = {channel_id: future for channel_id, future in self._busy.items() if not future.done()}
        due = Notification.objects.filter(due_at__lte=timezone.now()).values_list("channel_id", flat=True)
        for channel_id in due.distinct().order_by("channel_id"):
            if channel_id not in self._busy:
                self._busy[channel_id] = self._pool.submit(_send_all, channel_id)

    def finish(self) -> None:
        """Return when all that was begun has ended."""
        wait(self._busy.values())


def heal(now: datetime) -> None:
    """Give up what killed whoever sent it, again and again."""
    claims.heal(Notification, now=now)


def _send_all(channel_id: UUID) -> None:
    try:
        while send_next(channel_id, now=timezone.now()):
            pass
    except Exception:  # the rows are due again when their lease ends
        logger.exception("Notifications could not be sent", extra={"channel": str(channel_id)})
    finally:
        connection.close()


def send_next(channel_id: UUID, *, now: datetime) -> bool:
    """Send what has waited longest for a channel, and tell whether there was anything."""
    leases = claims.claim(Notification, 1, now=now, channel=channel_id)
    if not leases:
        return False
    [lease] = leases
    row = Notification.objects.select_related("channel", "incident__alert").get(pk=lease.pk)
    earlier = _earlier(row)
    if earlier is not None:
        _write(lease, until=max(earlier, now) + timedelta(seconds=1))
        return True
    if row.incident.alert.is_muted(now):
        _write(lease, until=now + MUTED_REST)
        return True
    error = _try(row) if row.channel.is_enabled else OFF
    _write(lease, error=error, is_final=not row.channel.is_enabled)
    return True


def _earlier(row: Notification) -> datetime | None:
    """Return when something earlier of its incident is to be sent, if so: nobody hears first that it is over."""
    others = Notification.objects.filter(incident=row.incident, channel=row.channel, due_at__isnull=False)
    waiting = others.filter(created_at__lt=row.created_at)
    return waiting.order_by("-due_at").values_list("due_at", flat=True).first()


def _try(row: Notification) -> str:
    """Send a row, and return why it was not taken; nothing where it was."""
    try:
        delivery.send(row.channel, notice_of(row))
    except DeliveryError as error:
        return str(error)
    return ""


def _write(lease: Lease, *, error: str = "", is_final: bool = False, until: datetime | None = None) -> None:
    """Write how it went, where the lease is still ours."""
    now = timezone.now()
    with transaction.atomic():
        rows = claims.held(Notification, [lease])
        for row in rows:
            if until:
                row.postpone(until)
            elif is_final:
                row.give_up(error, now=now)
            elif error:
                row.fail(error, now=now)
            else:
                row.end()
                row.sent_at = now
        claims.write(rows, "sent_at")
