"""Channels of Redis (pub/sub): one replica listens, and what is published while nobody does is lost."""

import time
from collections.abc import Sequence
from typing import Any, Final

from redis.client import PubSub

from apps.bridges.connection_kind import Part, Report
from apps.bridges.redis_client import Way, client, told
from apps.inbound.received import Failure, Lag, Received
from apps.inbound.redis.settings import RedisBridgeSettings

LISTEN_SECS: Final = 3.0  # for a sample
MESSAGES: Final = ("message", "pmessage")


class ChannelReader:
    """Who listens."""

    def __init__(self, way: Way, settings: RedisBridgeSettings) -> None:
        self._way, self._places = way, (*settings.channels, *settings.patterns)
        self._redis = client(way)
        self._channels: PubSub = self._redis.pubsub()  # type: ignore[no-untyped-call]
        self._heard_at = time.monotonic()
        self._asked_at: float | None = None
        try:
            with told(way, *self._places):
                if settings.channels:
                    self._channels.subscribe(*settings.channels)
                if settings.patterns:
                    self._channels.psubscribe(*settings.patterns)
            self._await_answers()
        except Failure:
            self.close()
            raise

    def _await_answers(self) -> None:
        """Wait until it says of each that we listen: what is published from then on arrives."""
        n_missing, until = len(self._places), time.monotonic() + self._way.secs
        while n_missing:
            if time.monotonic() > until:
                raise Failure(Part.NETWORK, f"{self._way.host} did not say in time that we may listen.")
            answer = self._next(0.1)
            n_missing -= answer is not None and answer["type"] in ("subscribe", "psubscribe")

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return what has arrived; wait only where nothing has."""
        if not limit:
            time.sleep(secs)
        found: list[Received] = []
        until = time.monotonic() + secs
        while len(found) < limit:
            message = self._next(0.0 if found else max(until - time.monotonic(), 0.0))
            if message and message["type"] in MESSAGES:
                found.append(_received(message))
            elif message is None and (found or time.monotonic() >= until):
                break
        return found

    def _next(self, secs: float) -> dict[str, Any] | None:
        """Return what comes next, and see that somebody is still there: who is silent is asked."""
        with told(self._way, *self._places):
            now = time.monotonic()
            if self._asked_at is None and now - self._heard_at > self._way.secs:
                self._channels.ping()
                self._asked_at = now
            message: dict[str, Any] | None = self._channels.get_message(timeout=min(secs, self._way.secs / 2))
        if message:
            self._heard_at, self._asked_at = time.monotonic(), None
        elif self._asked_at is not None and time.monotonic() - self._asked_at > self._way.secs:
            raise Failure(Part.NETWORK, f"{self._way.host} says nothing any more.")
        return message

    def settle(self, messages: Sequence[Received]) -> None:
        """Do nothing: the server has forgotten them already."""

    def lag(self) -> Lag:
        """Say that nothing waits, ever."""
        return Lag(None)

    def close(self) -> None:
        """Leave."""
        self._channels.close()
        self._redis.close()


def _received(message: dict[str, Any]) -> Received:
    about = {"channel": message["channel"].decode(errors="replace")}
    if message["pattern"]:
        about["pattern"] = message["pattern"].decode(errors="replace")
    return Received(body=message["data"], about=about)


def peek(way: Way, settings: RedisBridgeSettings, n: int) -> list[Received]:
    """Listen for some seconds."""
    reader, found = ChannelReader(way, settings), list[Received]()
    until = time.monotonic() + LISTEN_SECS
    try:
        while len(found) < n and (left := until - time.monotonic()) > 0:
            found += reader.read(n - len(found), secs=left)
    finally:
        reader.close()
    return found


def look(way: Way, settings: RedisBridgeSettings, report: Report) -> None:
    """Listen for a moment."""
    ChannelReader(way, settings).close()
    report.well(Part.RIGHT, "We may listen to these channels.")
    report.well(Part.PLACE, "A channel needs nobody to make it.")
