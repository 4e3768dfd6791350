"""What a consumer says of itself: a row that is written every few seconds, and at once when its state changes."""

import time
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from apps.core.storable import cleaned_text
from apps.inbound.models import Consumer
from apps.inbound.received import Lag

SAY_SECS: Final = 2.0
GONE_SECS: Final = 15.0  # who was not heard for so long does not run any more
CONNECTED: Final = (Consumer.State.READING, Consumer.State.FULL)


class Reporter:
    """Writes the row of one consumer."""

    def __init__(self, bridge_id: UUID, replica: str) -> None:
        self._bridge_id, self._replica = bridge_id, replica
        self._values: dict[str, Any] = {"state": ""}
        self._said_at = float("-inf")
        self._counted_at = time.monotonic()
        self._n_read = self._n_counted = 0

    def say(self, state: Consumer.State) -> None:
        """Say what it does now."""
        if state != self._values["state"] or time.monotonic() - self._said_at >= SAY_SECS:
            self._values["state"] = state
            if state not in CONNECTED:
                self._values |= {"connected_at": None, "n_waiting": None, "oldest_at": None}
            self._write()

    def connected(self) -> None:
        """Say since when it is connected."""
        self._values["connected_at"] = timezone.now()
        self.say(Consumer.State.READING)

    def failed(self, told: str, *, part: str) -> None:
        """Say what has failed."""
        told = cleaned_text(told)
        if self._values["state"] != Consumer.State.FAILED or told != self._values.get("error"):
            self._values["error_at"] = timezone.now()
        self._values |= {"error": told, "failed_part": part}
        self.say(Consumer.State.FAILED)

    def took(self, n_messages: int) -> None:
        """Count messages that were read, and are dealt with."""
        self._n_read += n_messages
        if self._values.get("n_waiting"):
            self._values["n_waiting"] = max(self._values["n_waiting"] - n_messages, 0)
        self._values["last_message_at"] = timezone.now()

    def lag(self, lag: Lag) -> None:
        """Say how much waits."""
        self._values |= {"n_waiting": lag.n_waiting, "oldest_at": lag.oldest_at, "has_part": lag.is_part}

    def left(self) -> None:
        """Take the row away."""
        Consumer.objects.filter(bridge_id=self._bridge_id, replica=self._replica).delete()

    def _write(self) -> None:
        now = time.monotonic()
        secs = now - self._counted_at
        if secs >= SAY_SECS:
            self._values["per_sec"] = (self._n_read - self._n_counted) / secs
            self._counted_at, self._n_counted = now, self._n_read
        values = {**self._values, "heard_at": timezone.now(), "n_read": self._n_read}
        Consumer.objects.update_or_create(bridge_id=self._bridge_id, replica=self._replica, defaults=values)
        self._said_at = now
