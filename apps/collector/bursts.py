"""Bursts: who opens several links within a moment has not read them, but looks what is behind them.

Counted in Valkey, as one mail's clicks come in by several processes. It may be lost, and costs nobody a click: what
does not answer at once is left alone for a while, and then nobody is suspected.
"""

import time
from typing import Final

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.core.ids import fingerprint
from apps.core.memory import Memory

WITHIN_SECS: Final = 2
N_LINKS: Final = 3  # different ones
TIMEOUT_SECS: Final = 0.2
REST_SECS: Final = 10.0


class _Store(Memory):
    """Where it is counted, unless it did not answer a moment ago."""

    def __init__(self) -> None:
        super().__init__()
        self._server: Redis | None = None
        self._rests_until = 0.0

    def forget(self) -> None:
        """Ask again."""
        self._rests_until = 0.0

    def add(self, who: str, what: str) -> int:
        """Note what somebody opened, and return how many different ones these were in the last moment."""
        if time.monotonic() < self._rests_until:
            return 0
        try:
            return self._add(f"cdp:burst:{who}", what)
        except RedisError:
            self._rests_until = time.monotonic() + REST_SECS
            return 0

    def _add(self, key: str, what: str) -> int:
        if self._server is None:
            limits = {"socket_timeout": TIMEOUT_SECS, "socket_connect_timeout": TIMEOUT_SECS}
            self._server = Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **limits)
        asked = self._server.pipeline(transaction=False)
        asked.sadd(key, what)
        asked.expire(key, WITHIN_SECS)
        asked.scard(key)
        return int(asked.execute()[-1])


_store: Final = _Store()


def is_burst(who: tuple[str, ...], what: str) -> bool:
    """Tell whether somebody opens so many things that a program does it; the first ones of them pass for a person's.

    `who` is by what they are known, which is hashed, and `what` is what they open now.
    """
    return _store.add(fingerprint(*who), what) >= N_LINKS
