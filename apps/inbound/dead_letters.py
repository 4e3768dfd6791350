"""Dead letters of bridges: tried again with the mapping as it is now, and forgotten in the end."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.collector import accept
from apps.collector.wire import Message
from apps.inbound import opening
from apps.inbound.mapping import Poison, mapper_of
from apps.inbound.models import Bridge, BridgeDeadLetter
from apps.inbound.received import Failure, Received

PAGE: Final = 100
LEFT_OUT: Final = "The condition of the mapping does not pick it now."


def replay(ids: Sequence[UUID], *, now: datetime) -> tuple[int, int]:
    """Try dead letters again; return how many became events, and how many stay.

    What stays has its new reason. Raises DefinitionError, SettingsError, and Failure where the source is switched off,
    or what a kind asks to decode a message gives no answer. A connection that is switched off is none of its business,
    unless messages are to be decoded: then these stay.
    """
    n_taken = n_stay = 0
    for begin in range(0, len(ids), PAGE):
        with transaction.atomic():
            rows = BridgeDeadLetter.objects.filter(pk__in=ids[begin : begin + PAGE])
            found = list(rows.select_for_update(skip_locked=True).order_by("bridge", "at", "id"))
            bridges = _bridges({row.bridge_id for row in found})
            taken = [(row, message) for row in found if (message := _message(row, bridges[row.bridge_id], now=now))]
            accept.keep([message for _, message in taken])
            BridgeDeadLetter.objects.filter(pk__in=[row.pk for row, _ in taken]).delete()
        n_taken += len(taken)
        n_stay += len(found) - len(taken)
    return n_taken, n_stay


def delete_old(*, now: datetime) -> int:
    """Delete what was set aside longer ago than the retention says, and return how many."""
    days = settings.BRIDGE_DEAD_LETTER_RETENTION_DAYS
    if not days:
        return 0
    n_deleted, _ = BridgeDeadLetter.objects.filter(at__lt=now - timedelta(days=days)).delete()
    return n_deleted


def received(row: BridgeDeadLetter) -> Received:
    """Return the message as it came."""
    return Received(
        bytes(row.body),
        key=row.message_key,
        headers=row.headers,
        about=row.about,
        at=row.sent_at or row.at,
        problem=row.problem,
    )


class _Reading:
    """How the dead letters of one bridge are read."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.mapper = mapper_of(bridge.mapping, opening.source_of(bridge))

    @cached_property
    def decode(self) -> Callable[[bytes], tuple[bytes, str]] | None:
        """What decodes a body that could not be; it needs the connection, so it is looked for only then."""
        try:
            return opening.opened(self._bridge).decode()
        except Failure:
            return None

    def received(self, row: BridgeDeadLetter) -> Received:
        """Return the message as it came, decoded where that goes by now."""
        found = received(row)
        if not found.problem or self.decode is None:
            return found
        body, problem = self.decode(found.body)
        return replace(found, body=body, problem=problem)


def _bridges(bridge_ids: set[UUID]) -> dict[UUID, _Reading]:
    rows = Bridge.objects.select_related("connection", "source").filter(pk__in=bridge_ids)
    return {row.pk: _Reading(row) for row in rows}


def _message(row: BridgeDeadLetter, reading: _Reading, *, now: datetime) -> Message | None:
    """Make the message of it, or note why there is still none."""
    try:
        message = reading.mapper.message(reading.received(row), key=row.message_key, at=now)
        reason = LEFT_OUT
    except Poison as poison:
        message, reason = None, str(poison)
    if message is None:
        BridgeDeadLetter.objects.filter(pk=row.pk).update(reason=reason, n_tries=F("n_tries") + 1)
    return message
