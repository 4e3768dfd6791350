"""All bridges of a process: a thread for each, started and ended as bridges are switched on and off."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils import timezone

from apps.inbound import leases
from apps.inbound.consumer import BridgeConsumer
from apps.inbound.models import Bridge, Consumer
from apps.inbound.reporting import GONE_SECS

logger = logging.getLogger(__name__)
LOOK_SECS: Final = 2.0
STOP_SECS: Final = 15.0
HANGS_SECS: Final = 300.0  # who says nothing for so long holds no lease any more


def replica_name() -> str:
    """Name this process among all that read for bridges."""
    return f"{socket.gethostname()[:80]}-{os.getpid()}-{secrets.token_hex(3)}"


class Runner:
    """Reads for all bridges, or for those that are named, until it is told to stop."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = names
        self._replica = replica_name()
        self._stopping = threading.Event()
        self._consumers: dict[UUID, BridgeConsumer] = {}

    def stop(self) -> None:
        """Let each finish what it has begun."""
        self._stopping.set()

    def run_once(self) -> list[str]:
        """Let each read what there is now, and say of each in a line what came of it."""
        self._consumers = {pk: BridgeConsumer(pk, self._replica, ends_when_idle=True) for pk in self._wanted()}
        for consumer in self._consumers.values():
            consumer.start()
        while any(consumer.is_alive() for consumer in self._consumers.values()) and not self._stopping.wait(0.2):
            self._keep_leases()
        self._end()
        names = Bridge.objects.filter(pk__in=self._consumers).order_by("name").values_list("pk", "name")
        return [f"{name}: {self._consumers[pk].outcome}" for pk, name in names]

    def run(self) -> None:
        """Start and end consumers until told to stop."""
        while not self._stopping.is_set():
            try:
                self._look()
            except DatabaseError:
                logger.warning("The database is away")
                connection.close()
            self._stopping.wait(LOOK_SECS)
        self._end()

    def _end(self) -> None:
        for consumer in self._consumers.values():
            consumer.stopping.set()
        until = time.monotonic() + STOP_SECS
        for consumer in self._consumers.values():
            consumer.join(timeout=max(until - time.monotonic(), 0))

    def _look(self) -> None:
        wanted = self._wanted()
        self._consumers = {pk: each for pk, each in self._consumers.items() if each.is_alive()}
        for pk in wanted - self._consumers.keys():
            self._consumers[pk] = BridgeConsumer(pk, self._replica)
            self._consumers[pk].start()
        self._keep_leases()
        forget_the_gone()

    def _keep_leases(self) -> None:
        """Keep the leases of those who read, and may be a while: a large file, a mail by a slow line."""
        for pk, consumer in self._consumers.items():
            if consumer.holds_lease and time.monotonic() - consumer.seen_at < HANGS_SECS:
                leases.keep(pk, consumer.replica)

    def _wanted(self) -> set[UUID]:
        rows = Bridge.objects.filter(is_enabled=True)
        if self._names:
            rows = rows.filter(name__in=self._names)
        return set(rows.values_list("pk", flat=True))


def forget_the_gone() -> None:
    """Take away the rows of consumers that ended without a word."""
    Consumer.objects.filter(heard_at__lt=timezone.now() - timedelta(seconds=20 * GONE_SECS)).delete()
