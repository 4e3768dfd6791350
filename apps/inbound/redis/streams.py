"""Streams of Redis, read by a group of consumers: each replica is one, and takes over what dead ones left."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import redis
from redis.exceptions import NoPermissionError, ResponseError

from apps.bridges.connection_kind import Part, Report
from apps.bridges.redis_client import Way, client, told
from apps.inbound.bridge_kind import Context, Seek, To
from apps.inbound.received import Failure, Lag, Received
from apps.inbound.redis import entries
from apps.inbound.redis.portion import Portion
from apps.inbound.redis.settings import RedisBridgeSettings
from apps.inbound.starts import NEW

PAGE: Final = 1_000  # pending entries that are confirmed at once
GONE_AFTER: Final = 10  # times the idle time, after which a consumer that holds nothing is removed
MAX_CLAIMED: Final = 100  # entries of one stream that are taken over at once
# One step for the server: a consumer that came back in between would lose what it has taken.
REMOVE: Final = """
local n = 0
for _, told in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #told, 2 do consumer[told[i]] = told[i + 1] end
  if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    n = n + 1
  end
end
return n
"""
# Groups that this process has read by: where one is lost, with its stream, what comes then is all new.
_read_before: Final[set[tuple[str, str]]] = set()


class StreamReader:
    """A consumer of a group."""

    def __init__(self, way: Way, settings: RedisBridgeSettings, context: Context) -> None:
        self._way, self._settings, self._redis = way, settings, client(way)
        self._group, self._consumer = settings.group or context.group, context.replica
        self._turn, self._portion = 0, Portion()
        self._held: set[tuple[str, str]] = set()
        self._left = dict.fromkeys(settings.keys, "0")  # streams of which we took entries before, and up to where read
        self._claim_at = 0.0
        self._claimed = dict.fromkeys(settings.keys, "0-0")
        try:
            for key in settings.keys:
                with told(way, key):
                    self._make_group(key)
        except Failure:
            self.close()
            raise

    def _make_group(self, key: str) -> None:
        is_new = self._settings.start == NEW and (self._group, key) not in _read_before
        try:
            self._run("XGROUP", "CREATE", key, self._group, "$" if is_new else "0", "MKSTREAM")
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        _read_before.add((self._group, key))

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return what we held before, then what dead consumers held, then what is new."""
        with told(self._way, *self._settings.keys):
            if not limit:
                self._run("PING")
                time.sleep(secs)
                return []
            limit = self._portion.of(limit)
            found = self._read_left(limit) or self._claim(limit) or self._read_new(limit, secs)
        self._portion.saw(found)
        self._held.update(message.handle for message in found)
        return found

    def _read_left(self, limit: int) -> list[Received]:
        """Read what this consumer took, and did not confirm, before the connection broke."""
        while self._left:
            key, since = next(iter(self._left.items()))
            answer = self._read_group({key: since}, limit)
            found = answer[0][1] if answer else []
            if not found:
                del self._left[key]
                continue
            self._left[key] = found[-1][0].decode()
            if messages := self._messages(key, found, is_repeated=True):
                return messages
        return []

    def _claim(self, limit: int) -> list[Received]:
        """Take over what was not confirmed for too long, some of each stream, every half of that time."""
        if time.monotonic() < self._claim_at:
            return []
        idle_ms = int(self._settings.min_idle.total_seconds() * 1000)
        found: list[Received] = []
        for key in self._settings.keys:
            room = min(limit - len(found), MAX_CLAIMED)
            if room <= 0:
                return found
            since = self._claimed[key]
            answer = self._run("XAUTOCLAIM", key, self._group, self._consumer, idle_ms, since, "COUNT", room)
            self._claimed[key] = answer[0].decode()
            found += self._messages(key, answer[1], is_repeated=True)
            if self._claimed[key] == "0-0":
                self._remove_gone(key, idle_ms * GONE_AFTER)
        if all(since == "0-0" for since in self._claimed.values()):
            self._claim_at = time.monotonic() + idle_ms / 2000
        return found

    def _remove_gone(self, key: str, idle_ms: int) -> None:
        try:
            self._run("EVAL", REMOVE, 1, key, self._group, idle_ms)
        except NoPermissionError:
            return  # they are in nobody's way

    def _read_new(self, limit: int, secs: float) -> list[Received]:
        """Read as many as there are of all streams in turn, and wait only where there is none at all."""
        # Half of what an answer may take: a server that hangs is told from one that has nothing.
        wait_ms = int(min(secs, self._way.secs / 2) * 1000)
        keys, found = self._in_turn(), list[Received]()
        while keys and len(found) < limit:
            asked = keys[: limit - len(found)]
            share = (limit - len(found)) // len(asked)
            answer = self._read_group(dict.fromkeys(asked, ">"), share, wait_ms=0 if found else wait_ms)
            for key, new in answer:
                found += self._messages(key.decode(), new, is_repeated=False)
            keys = [key.decode() for key, new in answer if len(new) >= share]
        return found

    def _in_turn(self) -> list[str]:
        keys = list(self._settings.keys)
        self._turn = (self._turn + 1) % len(keys)
        return keys[self._turn :] + keys[: self._turn]

    def _read_group(self, since: dict[str, str], count: int, *, wait_ms: int = 0) -> Any:
        wait = ("BLOCK", wait_ms) if wait_ms > 0 else ()  # to block for 0 ms is to block for ever
        group = ("GROUP", self._group, self._consumer)
        return self._run("XREADGROUP", *group, "COUNT", count, *wait, "STREAMS", *since, *since.values())

    def _messages(self, key: str, found: Iterable[tuple[bytes, Any]], *, is_repeated: bool) -> list[Received]:
        """Make messages of entries that we do not hold already, and confirm those that were deleted since."""
        messages, deleted = [], []
        for raw_id, fields in found:
            entry_id = raw_id.decode()
            if not fields:
                deleted.append(entry_id)
            elif (key, entry_id) not in self._held:
                message = entries.received(
                    key,
                    entry_id,
                    fields,
                    database=self._way.database,
                    body_field=self._settings.body_field,
                    is_repeated=is_repeated,
                )
                messages.append(message)
        if deleted:
            self._run("XACK", key, self._group, *deleted)
        return messages

    def settle(self, messages: Sequence[Received]) -> None:
        """Confirm them."""
        by_key = defaultdict(list)
        for message in messages:
            key, entry_id = message.handle
            by_key[key].append(entry_id)
        with told(self._way):
            for key, ids in by_key.items():
                self._run("XACK", key, self._group, *ids)
        self._held.difference_update(message.handle for message in messages)

    def lag(self) -> Lag:
        """Add up what no consumer has taken yet, and what was not confirmed."""
        n_waiting: int | None = 0
        oldest = []
        with told(self._way):
            for key in self._settings.keys:
                group = self._group_of(key)
                untaken = group.get("lag")  # None where entries were deleted from the middle
                n_waiting = None if n_waiting is None or untaken is None else n_waiting + untaken + group["pending"]
                oldest += self._oldest(key, group)
        return Lag(n_waiting, min((at for each in oldest if (at := entries.time_of(each))), default=None))

    def _group_of(self, key: str) -> dict[str, Any]:
        for group in self._run("XINFO GROUPS", key):
            if group["name"].decode() == self._group:
                return dict(group)
        raise Failure(Part.PLACE, f"{key}: the group {self._group} is gone.")

    def _oldest(self, key: str, group: dict[str, Any]) -> list[str]:
        """Return the id of the oldest entry that is not confirmed, if there is one."""
        if group["pending"]:
            first: bytes = self._run("XPENDING", key, self._group)["min"]
            return [first.decode()] if first else []
        waiting = self._run("XRANGE", key, f"({group['last-delivered-id'].decode()}", "+", "COUNT", 1)
        return [waiting[0][0].decode()] if waiting else []

    def close(self) -> None:
        """Leave; what we hold is ours when we come back, and somebody else's after a while."""
        self._redis.close()

    def _run(self, *command: Any) -> Any:
        return self._redis.execute_command(*command)  # type: ignore[no-untyped-call]


def peek(way: Way, settings: RedisBridgeSettings, n: int) -> list[Received]:
    """Read the newest entries, the oldest of them first."""
    found: list[Received] = []
    with client(way) as connection:
        run: Any = connection.execute_command
        for key in settings.keys:
            with told(way, key):
                newest = run("XREVRANGE", key, "+", "-", "COUNT", n)
            for entry_id, fields in reversed(newest):
                found.append(
                    entries.received(
                        key,
                        entry_id.decode(),
                        fields,
                        database=way.database,
                        body_field=settings.body_field,
                        is_repeated=False,
                    )
                )
    return sorted(found, key=lambda message: message.handle[1])[-n:]


def seek(way: Way, settings: RedisBridgeSettings, wish: Seek, context: Context) -> None:
    """Let the group read on from elsewhere, and forget what was taken and not confirmed."""
    group = settings.group or context.group
    if wish.place and wish.place not in settings.keys:
        raise Failure(Part.PLACE, f"This bridge does not read the stream {wish.place}.")
    since = _since(wish)
    with client(way) as connection:
        for key in [wish.place] if wish.place else settings.keys:
            with told(way, key):
                _set(connection, key, group, since)


def _since(wish: Seek) -> str:
    if wish.to is To.BEGINNING:
        return "0"
    if wish.to is To.END:
        return "$"
    if wish.to is To.TIME and wish.at:
        return entries.before(entries.first_id_of(wish.at))
    try:
        return entries.before(wish.position)
    except ValueError:
        raise Failure(Part.PLACE, f"{wish.position} is no id of an entry: one is as 1700000000000-0.") from None


def _set(connection: redis.Redis, key: str, group: str, since: str) -> None:
    run: Any = connection.execute_command
    try:
        run("XGROUP", "SETID", key, group, since)
    except ResponseError as error:
        if not str(error).startswith(("NOGROUP", "The XGROUP")):
            raise
        run("XGROUP", "CREATE", key, group, since, "MKSTREAM")
    while pending := run("XPENDING", key, group, "-", "+", PAGE, parse_detail=True):
        run("XACK", key, group, *(each["message_id"] for each in pending))


def look(way: Way, settings: RedisBridgeSettings, report: Report) -> None:
    """Ask for each stream, and try commands by a group that is not there: they change nothing."""
    nobody = "cdp-looks"
    with client(way) as connection:
        run: Any = connection.execute_command
        for key in settings.keys:
            with told(way, key):
                kind = run("TYPE", key).decode()
                _try(run, "XREADGROUP", "GROUP", nobody, nobody, "COUNT", 1, "STREAMS", key, ">")
                _try(run, "XAUTOCLAIM", key, nobody, nobody, 1_000, "0-0", "COUNT", 1)
                _try(run, "XACK", key, nobody, "0-1")
                _try(run, "XGROUP", "SETID", key, nobody, "0")
                _try(run, "XINFO GROUPS", key)
            report.well(Part.RIGHT, f"We may read the stream {key}.")
            if kind == "none":
                report.doubt(Part.PLACE, f"There is no stream {key} yet: the bridge makes an empty one.")
            else:
                report.well(Part.PLACE, f"The stream {key} is there.")


def _try(run: Any, *command: Any) -> None:
    """Run a command that can only fail for want of a group or a stream, unless it is not allowed."""
    try:
        run(*command)
    except ResponseError as error:
        if not str(error).startswith(("NOGROUP", "no such key", "The XGROUP")):
            raise
