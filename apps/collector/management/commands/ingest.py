"""Process the durable inbox: one long-running process, or several."""

import logging
import signal
import time
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection

from apps.collector import accept
from apps.core import beats, locks
from apps.core.garbage import collect_less_often
from apps.events.store import inbox, noticed
from cdp.logging import without_values

logger = logging.getLogger(__name__)
IDLE_SECS = 0.2
AWAY_SECS = 1.0
BEAT_SECS = 5.0
FEW_BATCHES = 4


class Command(BaseCommand):
    """Take messages out of the inbox in batches and run them through the pipeline."""

    help = "Process the events that were accepted into the inbox."
    is_stopping = False
    beats_at = 0.0  # by the monotonic clock

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer to stop by itself, for cron and for tests."""
        parser.add_argument("--once", action="store_true", help="stop when the inbox is empty")
        parser.add_argument("--batch", type=int, default=settings.INGEST_BATCH, help="messages in one transaction")

    def handle(self, *args: Any, once: bool, batch: int, **options: Any) -> None:
        """Work until told to stop; SIGTERM and Ctrl-C let the batch at hand finish."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        collect_less_often()
        self._look_at_locks()
        n_done = 0
        while not self.is_stopping:
            n_now = self.do_one(batch)
            n_done += n_now
            if n_now == 0:
                if once:
                    break
                time.sleep(IDLE_SECS)
        noticed.flush()
        if once:
            self.stdout.write(f"Processed {n_done} messages.")
        else:
            logger.info("Ingest was told to stop", extra={"messages": n_done})

    def do_one(self, batch: int) -> int:
        """Process one batch and return its size; 0 when there is nothing to do, or no database."""
        try:
            self._beat()
            return accept.ingest(batch, at=datetime.now(UTC))
        except DatabaseError as error:
            if not accept.is_away(error):
                raise
            logger.warning("The database is away", extra={"reason": without_values(str(error)).strip()})
            connection.close()
            time.sleep(AWAY_SECS)
            return 0

    def _beat(self) -> None:
        """Show now and then that somebody is here, and let what was set aside for a while come back."""
        if time.monotonic() < self.beats_at:
            return
        self.beats_at = time.monotonic() + BEAT_SECS
        now = datetime.now(UTC)
        beats.beat(beats.Name.INGEST, at=now)
        inbox.wake(at=now)

    def _look_at_locks(self) -> None:
        """Say in time that the server has room for the locks of few batches: docs/scaling.md tells what to set."""
        try:
            n_batches = locks.room() // accept.MAX_KEYS
        except DatabaseError:
            return  # it is away, which the first batch tells
        if n_batches < FEW_BATCHES:
            logger.warning(
                "PostgreSQL has room for the locks of few batches: raise max_locks_per_transaction to 256",
                extra={"batches": n_batches},
            )

    def _stop(self, signal_number: int, frame: FrameType | None) -> None:
        self.is_stopping = True
