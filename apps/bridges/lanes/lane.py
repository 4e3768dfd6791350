"""A lane: one thread that sends what is due of one connection, as fast as it may, and writes what becomes of it."""

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone

from apps.bridges import transports, withholding
from apps.bridges.lanes import results
from apps.bridges.lanes.circuit import Circuit
from apps.bridges.lanes.desk import Desk
from apps.bridges.lanes.speed import Speed
from apps.bridges.models import Connection, Delivery
from apps.bridges.transport import Parcel, Reply, Transport, failed
from apps.bridges.verdicts import Verdict
from apps.bridges.withholding import Withholding
from apps.core import claims
from apps.core.fetch import fetch

logger = logging.getLogger(__name__)
MOST_CLAIMED: Final = 500
WRITTEN_AT: Final = 100  # results, or
WRITTEN_SECS: Final = 0.2
FRESH_SECS: Final = 1.0  # for which it is trusted what the row of the connection says
LOOK_SECS: Final = 0.1  # for which it looks at nothing but the transport
LINGER_SECS: Final = 5.0  # without work, with its connections kept open
LEASED_SECS: Final = 20.0  # then a lease is too old to begin with: sending must end before it does
SLOW_MS: Final = 1_000
TRIES: Final = 3  # to write results: what another transaction got in the way of goes well the next time


class Lane:
    """Sends to one connection, on a thread of its own; nobody else sends to it meanwhile."""

    def __init__(self, connection_id: UUID, desk: Desk, speed: Speed) -> None:
        self.connection_id = connection_id
        self.is_broken, self.ended_at = False, 0.0
        self._desk, self._speed = desk, speed
        self._has_work = threading.Event()  # whoever looks says so
        self._has_work.set()
        self._is_ending = threading.Event()
        self._connection: Connection | None = None
        self._circuit = Circuit(0, None)
        self._read_at = 0.0
        self._transports: dict[bool, Transport] = {}
        self._withholding: dict[bool, Withholding] = {}  # of the secrets that those transports send
        self._claimed: deque[Delivery] = deque()
        self._claimed_at = 0.0
        self._size = 0  # of the next claim
        self._under_way: dict[UUID, tuple[Delivery, float]] = {}
        self._written_at = time.monotonic()
        self._done: list[Delivery] = []
        self._last_ms: int | None = None
        self._idle_since = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"lane-{connection_id}")
        self._thread.start()

    def poke(self) -> None:
        """Say that there is something due."""
        self._has_work.set()

    def end(self) -> None:
        """Let it come to its end: what is on its way arrives, and nothing more is sent."""
        self._is_ending.set()
        self._has_work.set()

    def break_off(self) -> None:
        """Let it end now: what is on its way is tried again."""
        self.end()
        for transport in list(self._transports.values()):
            transport.break_off()

    def join(self, secs: float) -> None:
        """Wait for its end."""
        self._thread.join(secs)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    @property
    def is_busy(self) -> bool:
        """Whether it has anything to send, or waits for answers."""
        return bool(self._claimed or self._under_way or self._done)

    @property
    def is_slow(self) -> bool:
        """Whether it may take a while to end: answers take long, or there was none yet."""
        if self._last_ms is None:
            return bool(self._under_way)
        oldest = min((began for _, began in list(self._under_way.values())), default=time.monotonic())
        return self._last_ms > SLOW_MS or time.monotonic() - oldest > SLOW_MS / 1_000

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except Exception:  # what is on its way is sent again under the same key, once its lease ends
            self.is_broken, self.ended_at = True, time.monotonic()
            logger.exception("A lane broke down", extra={"connection": str(self.connection_id)})
            self._save()
        finally:
            for transport in self._transports.values():
                transport.close()

    def _turn(self) -> bool:
        """Do a bit of everything, and tell whether there may be more to do."""
        self._refresh()
        may_send = not self._is_ending.is_set() and self._may_send()
        if may_send and not self._claimed and self._has_work.is_set():
            self._claim()
        if may_send:
            self._send()
        elif self._claimed:
            self._give_back()
        self._collect()
        self._write()
        if self.is_busy:
            self._idle_since = time.monotonic()
            return True
        if not may_send or time.monotonic() > self._idle_since + LINGER_SECS:
            return False
        self._has_work.wait(LOOK_SECS)
        return True

    # --- what may be done

    def _refresh(self) -> None:
        if time.monotonic() < self._read_at + FRESH_SECS or self._circuit.is_changed:
            return
        row = self._desk.ask(Connection.sending.filter(pk=self.connection_id).first)
        if self._connection and (row is None or row.updated_at != self._connection.updated_at):
            self._retire()
        self._connection, self._read_at = row, time.monotonic()
        if row:
            self._circuit = Circuit.of(row)
            self._speed.allow(row.rate_per_sec)

    def _may_send(self) -> bool:
        return self._connection is not None and self._connection.is_enabled and self._circuit.may_send(timezone.now())

    def _retire(self) -> None:
        """Go on with new transports once nothing is on its way by the old ones: the settings are others now."""
        while self._under_way:
            self._collect()
            self._write()
        for transport in self._transports.values():
            transport.close()
        self._transports = {}

    def _transport(self, *, is_test: bool) -> Transport:
        assert self._connection is not None
        if is_test not in self._transports:
            self._transports[is_test] = transports.open_for(self._connection, is_test=is_test)
            self._withholding[is_test] = withholding.of(self._connection, is_test=is_test)
        return self._transports[is_test]

    # --- what is sent

    def _claim(self) -> None:
        """Lease what is due: more at a time, the faster it goes, as a lease must not end before its turn comes."""
        assert self._connection is not None
        self._has_work.clear()
        least = 1 if self._circuit.is_probing else 2 * self._connection.in_flight
        is_fast = time.monotonic() < self._claimed_at + LEASED_SECS / 4
        self._size = min(max(least, 2 * self._size if is_fast else self._size // 2), MOST_CLAIMED)
        if self._circuit.is_probing:
            self._size = 1
        leases, rows = self._desk.ask(partial(_claim, self.connection_id, self._size))
        self._claimed_at = time.monotonic()
        for row in rows:
            if row.pk in self._under_way:  # it takes longer than a lease lasts, and nobody but us may lease it
                self._under_way[row.pk][0].leases = row.leases
            else:
                self._claimed.append(row)
        if leases == self._size:
            self._has_work.set()

    def _send(self) -> None:
        now = timezone.now()
        if self._claimed and time.monotonic() > self._claimed_at + LEASED_SECS:
            self._give_back()
        while self._claimed and time.monotonic() >= self._speed.opens_at:
            if self._circuit.is_probing and self._under_way:
                return
            row = self._claimed[0]
            if row.deadline_at <= now:
                results.expire(self._claimed.popleft(), now=now)
                self._done.append(row)
                continue
            try:
                transport = self._transport(is_test=row.is_test)
            except transports.Unusable as error:
                self._note(self._claimed.popleft(), Reply(_parcel(row), Verdict.HOLD, str(error)))
                return
            if not transport.has_room:
                return
            self._claimed.popleft()
            self._under_way[row.pk] = row, time.monotonic()
            self._speed.sent()
            try:
                transport.send(_parcel(row))
            except Exception as error:  # whatever is wrong with one is nothing to the others
                logger.exception("A delivery could not be sent", extra={"delivery": str(row.pk)})
                del self._under_way[row.pk]
                self._note(row, failed(_parcel(row), Verdict.REFUSED, error))

    def _give_back(self) -> None:
        now = timezone.now()
        while self._claimed:
            row = self._claimed.popleft()
            results.give_back(row, now=now)
            self._done.append(row)

    # --- what comes back

    def _collect(self) -> None:
        busy = [is_test for is_test, transport in self._transports.items() if transport.n_under_way]
        for is_test in busy:
            for reply in self._replies(is_test=is_test, secs=self._patience() / len(busy)):
                row, _ = self._under_way.pop(reply.parcel.id)
                self._last_ms = reply.took_ms
                self._note(row, reply)
        if not busy and self._claimed:
            time.sleep(self._patience())

    def _replies(self, *, is_test: bool, secs: float) -> list[Reply]:
        """Ask a transport; where it breaks down, all that is on its way by it is tried again, by another one."""
        try:
            return self._transports[is_test].replies(secs=secs)
        except Exception as error:
            logger.exception("A transport broke down", extra={"connection": str(self.connection_id)})
            with suppress(Exception):
                self._transports[is_test].close()
            del self._transports[is_test]
            rows = [row for row, _ in self._under_way.values() if row.is_test == is_test]
            return [failed(_parcel(row), Verdict.AGAIN, error) for row in rows]

    def _patience(self) -> float:
        """Say how long nothing but answers matters: until more may be sent, or results have to be written."""
        wait = LOOK_SECS
        if self._claimed:
            wait = min(wait, max(self._speed.opens_at - time.monotonic(), 0.0)) or wait
        if self._done:
            wait = min(wait, max(self._written_at + WRITTEN_SECS - time.monotonic(), 0.0))
        return wait

    def _note(self, row: Delivery, reply: Reply) -> None:
        now = timezone.now()
        if row.is_test in self._withholding:
            reply = self._withholding[row.is_test].reply(reply)
        if row.is_test and reply.verdict is Verdict.HOLD:  # a test stops nobody's messages
            reply = Reply(
                reply.parcel, Verdict.REFUSED, reply.said, reply.took_ms, reply.status, reply.headers, reply.body
            )
        results.note(row, reply, now=now)
        self._done.append(row)
        if row.is_test:
            return
        if reply.verdict is Verdict.SLOWER:
            self._speed.slow()
        self._circuit.note(reply, now=now)

    def _write(self) -> None:
        is_time = len(self._done) >= WRITTEN_AT or time.monotonic() >= self._written_at + WRITTEN_SECS
        if self._circuit.is_changed or (self._done and (is_time or not self._under_way)):
            self._desk.ask(partial(self._write_now, self._done))
            self._done = []
            self._written_at = time.monotonic()

    def _save(self) -> None:
        """Write what came back, one by one, whatever is wrong with another: it must not be sent again."""
        self._give_back()
        for row in self._done:
            try:
                self._desk.ask(partial(self._write_now, [row]))
            except Exception:
                logger.exception("A delivery could not be written", extra={"delivery": str(row.pk)})
        self._done = []

    def _write_now(self, done: list[Delivery]) -> None:
        assert self._connection is not None
        for tries_left in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    if done:
                        results.write(done, kind=self._connection.kind)
                    if self._circuit.is_changed:
                        self._circuit.write(self._connection, now=timezone.now())
                break
            except OperationalError:
                if not tries_left:
                    raise
                time.sleep(LOOK_SECS)
        self._circuit.is_changed = False


def _claim(connection_id: UUID, size: int) -> tuple[int, list[Delivery]]:
    leases = claims.claim(Delivery, size, now=timezone.now(), connection=connection_id)
    rows = fetch(Delivery, [lease.pk for lease in leases])
    ours = [rows[lease.pk] for lease in leases if lease.pk in rows]
    return len(leases), [row for row in ours if row.due_at is not None]


def _parcel(row: Delivery) -> Parcel:
    return Parcel(row.pk, row.key, row.created_at, row.request)
