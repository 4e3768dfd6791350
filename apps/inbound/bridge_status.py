"""How a bridge goes, over all processes that read for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Count

from apps.inbound.models import Bridge, BridgeDeadLetter, Consumer
from apps.inbound.reporting import GONE_SECS

# The first of these that any consumer is in is the state of the bridge.
_ORDER: Final = ("reading", "full", "failed", "connecting", "paused", "standby")


class Health(StrEnum):
    """In one word, whether messages come in."""

    WELL = "well"
    WAITS = "waits"  # as somebody wished, or for a moment
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """What all consumers of a bridge say together."""

    health: Health
    state: str  # in words
    told: str  # a sentence more, of what is to be known
    consumers: Sequence[Consumer]
    n_dead: int
    per_sec: float = 0.0
    n_waiting: int | None = None
    oldest_at: datetime | None = None
    last_message_at: datetime | None = None
    last_error: str = ""
    last_error_at: datetime | None = None


def statuses(bridges: Iterable[Bridge], *, now: datetime) -> dict[UUID, Status]:
    """Tell how each of some bridges goes, in two statements."""
    rows = list(bridges)
    ids = [row.pk for row in rows]
    consumers: dict[UUID, list[Consumer]] = {pk: [] for pk in ids}
    heard_since = now - timedelta(seconds=GONE_SECS)
    for consumer in Consumer.objects.filter(bridge_id__in=ids, heard_at__gte=heard_since).order_by("replica"):
        consumers[consumer.bridge_id].append(consumer)
    dead = BridgeDeadLetter.objects.filter(bridge_id__in=ids).order_by().values_list("bridge_id")
    n_dead = dict(dead.annotate(n=Count("pk")))
    return {row.pk: _status(row, consumers[row.pk], n_dead.get(row.pk, 0)) for row in rows}


def _status(bridge: Bridge, consumers: Sequence[Consumer], n_dead: int) -> Status:
    if not bridge.is_enabled or bridge.paused_at or not consumers:
        return _unread(bridge, consumers, n_dead)
    first = min(consumers, key=lambda consumer: _ORDER.index(consumer.state))
    failed = [consumer for consumer in consumers if consumer.error_at]
    # Who is not connected may have lost its part to one that is, and says what waited then.
    counting = [consumer for consumer in consumers if consumer.connected_at] or consumers
    last = max(failed, key=lambda consumer: consumer.error_at or consumer.heard_at, default=Consumer())
    return Status(
        health=_health(first.state),
        state=first.get_state_display().lower(),
        told=first.error if first.state == Consumer.State.FAILED else "",
        consumers=consumers,
        n_dead=n_dead,
        per_sec=sum(consumer.per_sec for consumer in consumers),
        n_waiting=_waiting(counting),
        oldest_at=min(_said(counting, "oldest_at"), default=None),
        last_message_at=max(_said(consumers, "last_message_at"), default=None),
        last_error=last.error,
        last_error_at=last.error_at,
    )


def _unread(bridge: Bridge, consumers: Sequence[Consumer], n_dead: int) -> Status:
    if bridge.is_enabled and not bridge.paused_at:
        told = "No process reads for it: start manage.py run_bridge."
        return Status(Health.FAILED, "does not run", told, consumers, n_dead)
    state = "paused" if bridge.is_enabled else "off"
    return Status(Health.WAITS, state, "Nothing is read; the broker keeps it.", consumers, n_dead)


def _waiting(consumers: Sequence[Consumer]) -> int | None:
    """Add up what waits, where each counts its own part; else each has counted the whole, at a time of its own."""
    numbers = _said(consumers, "n_waiting")
    if any(consumer.has_part for consumer in consumers):
        return sum(numbers) if numbers else None
    return max(numbers, default=None)


def _said(consumers: Sequence[Consumer], name: str) -> list[Any]:
    """List what those say who say anything."""
    return [value for consumer in consumers if (value := getattr(consumer, name)) is not None]


def _health(state: str) -> Health:
    if state == Consumer.State.FAILED:
        return Health.FAILED
    return Health.WELL if state == Consumer.State.READING else Health.WAITS
