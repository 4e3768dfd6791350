"""Back-pressure: while much waits in the inbox, bridges read nothing, and brokers keep what they have."""

import time
from typing import Final

from django.conf import settings

from apps.core.memory import Memory
from apps.events.models import InboxItem

LOOK_SECS: Final = 1.0
NEVER: Final = float("-inf")


class _Pressure(Memory):
    """Whether the inbox is full, as it was a moment ago."""

    def __init__(self) -> None:
        super().__init__()
        self._is_full = False
        self._looked_at = NEVER

    def forget(self) -> None:
        """Look anew the next time."""
        self._is_full, self._looked_at = False, NEVER

    def is_full(self) -> bool:
        """Tell; it is full until half of it is empty."""
        if time.monotonic() - self._looked_at < LOOK_SECS:
            return self._is_full
        most = settings.BRIDGES_INBOX_LIMIT // 2 if self._is_full else settings.BRIDGES_INBOX_LIMIT
        waiting = InboxItem.objects.filter(dead_at=None, retry_at=None).order_by("id").values("pk")
        self._is_full = waiting[: most + 1].count() > most
        self._looked_at = time.monotonic()
        return self._is_full


_pressure: Final = _Pressure()


def is_full() -> bool:
    """Tell whether nothing may be read now."""
    return _pressure.is_full()
