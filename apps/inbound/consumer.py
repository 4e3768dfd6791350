"""Reads for one bridge, until it is told to stop: read, store, commit, and only then let the broker forget.

Whatever fails ends in a state with a sentence, is rested for, and tried again, for ever. A change of the bridge, or of
its connection, is seen within a second.
"""

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils import timezone

from apps.collector.accept import is_away
from apps.core.encryption import Unreadable
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError
from apps.inbound import leases, opening, pressure, seeking, storing
from apps.inbound.bridge_kind import Context, Reader
from apps.inbound.models import Bridge, Consumer
from apps.inbound.received import Failure
from apps.inbound.reporting import Reporter
from apps.inbound.storing import Outdated, Session

logger = logging.getLogger(__name__)
BATCH: Final = 500  # messages in one transaction
READ_SECS: Final = 0.5
LAST_SECS: Final = 5.0  # who ends when nothing is left waits so long for the first message
LOOK_SECS: Final = 1.0  # between looks whether something has changed
LAG_SECS: Final = 5.0
RESTS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # after the first failure in a row, the second ...
WELL_SECS: Final = 30.0  # who has read for so long has recovered
SETTLED: Final = timedelta(minutes=10)  # after that, a broker does not deliver again what it was told to forget
OWN_FAULT: Final = "It failed for a reason of its own, which the log has."


class BridgeConsumer(threading.Thread):
    """A thread that reads for a bridge, with a connection to the database of its own."""

    def __init__(self, bridge_id: UUID, replica: str, *, ends_when_idle: bool = False) -> None:
        super().__init__(name=f"bridge-{bridge_id}", daemon=True)
        self.ends_when_idle = ends_when_idle
        self.bridge_id = bridge_id
        self.replica = replica
        self.stopping = threading.Event()
        self.report = Reporter(bridge_id, replica)
        self._failures = 0
        # The runner keeps the lease of who reads, however long one read takes, but not of who hangs.
        self.holds_lease = False
        self.seen_at = time.monotonic()
        self._n_messages = self._n_dead = 0
        self._told = ""  # why it ended, where it did not read all that there was

    def run(self) -> None:
        """Read until told to stop, or the bridge is gone or off."""
        try:
            while not self.stopping.is_set():
                if not self.once():
                    break
        finally:
            self._leave()

    @property
    def outcome(self) -> str:
        """Say in short what came of it: what was read, and why no more was."""
        n, n_dead = self._n_messages, self._n_dead
        read = f"{n:,} {'message' if n == 1 else 'messages'}"
        letters = "dead letter" if n_dead == 1 else "dead letters"
        dead = f", {n_dead:,} {letters}" if n_dead else ""
        return " ".join(filter(None, (f"{read}{dead}." if n or not self._told else "", self._told)))

    def once(self) -> bool:
        """Do the next thing; False where nothing is to be read any more."""
        try:
            bridge = Bridge.objects.select_related("connection").filter(pk=self.bridge_id, is_enabled=True).first()
            if bridge is None:
                return False
            self._serve(bridge)
        except Outdated:
            pass
        except Failure as failure:
            self._rest(failure.told, part=failure.part.value)
        except (SettingsError, DefinitionError, Unreadable) as error:
            self._rest(str(error))
        except DatabaseError as error:
            self._without_database(error)
        except Exception:
            logger.exception("A bridge failed", extra={"bridge": str(self.bridge_id)})
            self._rest(OWN_FAULT)
        finally:
            self.holds_lease = False
        return True

    def _without_database(self, error: DatabaseError) -> None:
        if not is_away(error):
            logger.exception("A bridge failed", extra={"bridge": str(self.bridge_id)})
            self._rest(OWN_FAULT)
            return
        connection.close()
        self._told = "The database is away."
        if self.ends_when_idle:
            self.stopping.set()
        self.stopping.wait(LOOK_SECS)

    def _serve(self, bridge: Bridge) -> None:
        if bridge.paused_at:
            self._wait(Consumer.State.PAUSED, "It is paused.")
            return
        found = opening.opened(bridge)
        context = Context(bridge.pk, self.replica, lambda: storing.positions_of(bridge.pk))
        is_shared = found.kind.is_shared(found.settings)
        if not is_shared and not leases.take(bridge.pk, self.replica):
            self._wait(Consumer.State.STANDBY, "Another process reads for it.")
            return
        self.holds_lease, self.seen_at = not is_shared, time.monotonic()
        if bridge.seek:
            seeking.carry_out(bridge.pk, found, context)
            return
        self.report.say(Consumer.State.CONNECTING)
        reader = found.kind.open(found.connection, found.settings, context)
        self.report.connected()
        try:
            self._read(bridge, reader, found, Session(bridge.pk, bridge.revision, self.replica, is_shared))
        finally:
            reader.close()

    def _wait(self, state: Consumer.State, told: str) -> None:
        """Wait a moment for somebody else."""
        self._told = told
        self.report.say(state)
        if self.ends_when_idle:
            self.stopping.set()
        self.stopping.wait(LOOK_SECS)

    def _read(self, bridge: Bridge, reader: Reader, found: opening.Opened, session: Session) -> None:
        """Read until something changes."""
        stamp, ours = _stamp(bridge), {} if session.is_shared else {"holder": self.replica}
        began_at = looked_at = read_since = time.monotonic()
        lag_at = 0.0
        while not self.stopping.is_set():
            now = self.seen_at = time.monotonic()
            if now - looked_at >= LOOK_SECS:
                looked_at = now
                if _stamp_of(bridge.pk, **ours) != stamp:
                    return
                if now - read_since >= SETTLED.total_seconds():  # what others left was delivered again since
                    storing.left_behind(bridge.pk, before=timezone.now() - SETTLED)
            if now - lag_at >= LAG_SECS:
                lag_at = now
                self.report.lag(reader.lag())
            if now - began_at >= WELL_SECS:
                self._failures = 0
            if pressure.is_full():
                read_since = now
                self.report.say(Consumer.State.FULL)
                reader.read(0, secs=READ_SECS)
                continue
            self.report.say(Consumer.State.READING)
            self._take(reader, found, session)

    def _take(self, reader: Reader, found: opening.Opened, session: Session) -> None:
        batch = reader.read(BATCH, secs=LAST_SECS if self.ends_when_idle else READ_SECS)
        if not batch:
            if self.ends_when_idle:
                self.stopping.set()
            return
        stored = storing.store(session, batch, found.mapper(), now=timezone.now())
        reader.settle(batch)
        storing.settled(session)
        self.report.took(len(batch) - stored.n_known)
        self._n_messages += len(batch) - stored.n_known
        self._n_dead += stored.n_dead

    def _rest(self, told: str, *, part: str = "") -> None:
        self._told = told
        if self.ends_when_idle:
            self.stopping.set()
        rest = RESTS[min(self._failures, len(RESTS) - 1)]
        self._failures += 1
        logger.warning("A bridge cannot read", extra={"bridge": str(self.bridge_id), "part": part})
        until = time.monotonic() + rest
        before = self._looked(told, part)
        while time.monotonic() < until and not self.stopping.wait(min(LOOK_SECS, rest)):
            if self._looked(told, part) != before:  # somebody has fixed it
                self._failures = 0
                return

    def _looked(self, told: str, part: str) -> Any:
        """Say what failed, and look whether something has changed."""
        try:
            self.report.failed(told, part=part)
            return _stamp_of(self.bridge_id)
        except DatabaseError:
            connection.close()
            return None

    def _leave(self) -> None:
        """Let another one read at once."""
        try:
            leases.give_back(self.bridge_id, self.replica)
            self.report.left()
        except DatabaseError:
            pass  # the lease ends by itself
        finally:
            connection.close()


Stamp = tuple[int, bool, datetime | None, datetime | None]


def _stamp(bridge: Bridge) -> Stamp:
    changed_at = bridge.connection.updated_at if bridge.connection else None
    return bridge.revision, bridge.is_enabled, bridge.paused_at, changed_at


def _stamp_of(bridge_id: UUID, **ours: str) -> Stamp | None:
    """Read it as it is now; None where the bridge is gone, or no longer ours."""
    columns = ("revision", "is_enabled", "paused_at", "connection__updated_at")
    return Bridge.objects.filter(pk=bridge_id, **ours).values_list(*columns).first()
