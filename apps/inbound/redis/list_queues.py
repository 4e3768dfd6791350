"""Lists of Redis as queues: what is taken is laid aside until it is stored. One replica alone reads them."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from apps.bridges.connection_kind import Part, Report
from apps.bridges.redis_client import Way, client, told
from apps.core.ids import new_id
from apps.inbound.bridge_kind import Context
from apps.inbound.received import Failure, Lag, Received
from apps.inbound.redis.portion import Portion
from apps.inbound.redis.settings import RedisBridgeSettings

LOOK_SECS: Final = 0.1  # between looks whether something has come
# One step for the server: messages of a list have no names, so they get one as they are taken and laid aside.
TAKE: Final = """
local bodies = redis.call(ARGV[1], KEYS[1], ARGV[2]) or {}
for i, body in ipairs(bodies) do
  redis.call('HSET', KEYS[2], ARGV[3] .. string.format('-%06d', i - 1), body)
end
return bodies
"""
POP: Final = {"left": "LPOP", "right": "RPOP"}


class ListReader:
    """Who takes from the lists, and lays aside what is not stored yet."""

    def __init__(self, way: Way, settings: RedisBridgeSettings, context: Context) -> None:
        self._way, self._redis = way, client(way)
        self._pop = POP[settings.take_from]
        self._aside = {key: f"{key}:{context.group}" for key in settings.lists}
        self._turn, self._portion = 0, Portion()
        self._left: deque[Received] = deque()  # what whoever read before us took, and did not settle
        try:
            with told(way, *settings.lists):
                for key, aside in self._aside.items():
                    laid = sorted(self._run("HGETALL", aside).items())  # names grow with the time of taking
                    self._left += [self._received(key, name.decode(), body, is_repeated=True) for name, body in laid]
        except Failure:
            self.close()
            raise

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return what was laid aside before us, then what waits."""
        until = time.monotonic() + secs
        if self._left and limit:
            return [self._left.popleft() for _ in range(min(limit, len(self._left)))]
        with told(self._way, *self._aside):
            while not (found := self._take(self._portion.of(limit))) and (left := until - time.monotonic()) > 0:
                time.sleep(min(left, LOOK_SECS))
        self._portion.saw(found)
        return found

    def _take(self, limit: int) -> list[Received]:
        """Take of one list after the other what is there; each is once the first."""
        found: list[Received] = []
        keys = list(self._aside)
        self._turn = (self._turn + 1) % len(keys)
        for key in keys[self._turn :] + keys[: self._turn]:
            name = str(new_id())
            bodies = self._run("EVAL", TAKE, 2, key, self._aside[key], self._pop, limit - len(found), name)
            found += [self._received(key, f"{name}-{i:06}", body, is_repeated=False) for i, body in enumerate(bodies)]
        return found

    def _received(self, key: str, name: str, body: bytes, *, is_repeated: bool) -> Received:
        return Received(
            body=body,
            key=f"{self._way.database}/{key}/{name}",
            about={"list": key},
            is_repeated=is_repeated,
            handle=(key, name),
        )

    def settle(self, messages: Sequence[Received]) -> None:
        """Take away what was laid aside of them."""
        names: dict[str, list[str]] = {}
        for message in messages:
            key, name = message.handle
            names.setdefault(key, []).append(name)
        with told(self._way, *names):
            for key, settled in names.items():
                self._run("HDEL", self._aside[key], *settled)

    def lag(self) -> Lag:
        """Count what waits, and what was laid aside."""
        with told(self._way, *self._aside):
            return Lag(sum(self._run("LLEN", key) + self._run("HLEN", aside) for key, aside in self._aside.items()))

    def close(self) -> None:
        """Leave; what was laid aside stays there, for whoever reads next."""
        self._redis.close()

    def _run(self, *command: Any) -> Any:
        return self._redis.execute_command(*command)  # type: ignore[no-untyped-call]


def peek(way: Way, settings: RedisBridgeSettings, n: int) -> list[Received]:
    """Read what would be taken next."""
    found: list[Received] = []
    with client(way) as connection:
        run: Any = connection.execute_command
        for key in settings.lists:
            with told(way, key):
                is_left = settings.take_from == "left"
                bodies = run("LRANGE", key, 0, n - 1) if is_left else run("LRANGE", key, -n, -1)[::-1]
            found += [Received(body=body, about={"list": key}) for body in bodies]
    return found[:n]


def look(way: Way, settings: RedisBridgeSettings, report: Report) -> None:
    """Ask for each list, and take nothing of it in the way in which reading takes."""
    with client(way) as connection:
        run: Any = connection.execute_command
        for key in settings.lists:
            with told(way, key):
                kind = run("TYPE", key).decode()
                aside = f"{key}:cdp-looks"
                run("EVAL", TAKE, 2, key, aside, POP[settings.take_from], 0, "nothing")
                run("HGETALL", aside)
                run("HDEL", aside, "nothing")
            report.well(Part.RIGHT, f"We may take from the list {key}.")
            if kind == "none":
                report.doubt(Part.PLACE, f"There is no list {key} now: one that is empty is not there.")
            else:
                report.well(Part.PLACE, f"The list {key} is there.")
