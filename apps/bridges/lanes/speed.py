"""How fast a lane sends: no faster than its connection says, and slower for a while where that was too much."""

import time
from collections import deque
from typing import Final

SLACK: Final = 0.05  # seconds by which a lane that came too late may catch up
GROWTH: Final = 1.1  # in each second in which nobody complained


class Speed:
    """When the next one may be sent, by the monotonic clock: evenly, and in no second more than the rate."""

    def __init__(self) -> None:
        self._rate: float | None = None  # what is allowed; None: anything
        self._slowed: float | None = None  # what is sent at most since the last complaint
        self._slowed_at = 0.0
        self._next_at = 0.0
        self._sent: deque[float] = deque(maxlen=1_000)  # when

    def allow(self, rate: float | None) -> None:
        """Set what the connection allows."""
        self._rate = rate

    @property
    def opens_at(self) -> float:
        """From when on the next one may be sent."""
        return self._next_at

    def sent(self) -> None:
        """Note that one was sent just now."""
        now = time.monotonic()
        self._sent.append(now)
        rate = self._current(now)
        if rate is not None:
            # With the slack, a second has no more than the rate.
            self._next_at = max(self._next_at, now - SLACK) + (1 + SLACK) / rate

    def slow(self) -> None:
        """Send half as much from now on: the receiver said that it was too much."""
        now = time.monotonic()
        if self._slowed is not None and now - self._slowed_at < 1:
            return  # what was on its way already is no second complaint
        lately = sum(at > now - 1 for at in self._sent)
        self._slowed = max(1.0, min(filter(None, (self._rate, self._slowed, float(max(lately, 2))))) / 2)
        self._slowed_at, self._next_at = now, max(self._next_at, now + 1 / self._slowed)

    def _current(self, now: float) -> float | None:
        if self._slowed is None:
            return self._rate
        rate: float = self._slowed * GROWTH ** (now - self._slowed_at)
        if rate >= (self._rate or 10 * self._slowed):
            self._slowed = None
            return self._rate
        return rate
