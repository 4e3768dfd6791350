"""Evaluate alerts, and tell of what is wrong: one process, or several. It needs PostgreSQL alone, and no worker."""

import signal
import threading
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.alerts import sending
from apps.alerts.evaluating import evaluate
from apps.alerts.sending import Sender
from apps.alerts.symptoms import Facts
from apps.core import beats
from cdp.logging import without_values

EVALUATE_SECS, SEND_SECS = 30.0, 1.0


class Command(BaseCommand):
    """Look at all alerts again and again; send in between what waits."""

    help = "Evaluate alerts and send notifications. It needs the database, and neither Valkey nor a worker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer to stop by itself, for cron."""
        parser.add_argument("--once", action="store_true", help="look once, send what is due, and stop")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Work until told to stop; SIGTERM and Ctrl-C let what is being sent arrive."""
        stopping, sender = threading.Event(), Sender()

        def stop(signal_number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        evaluates_at = 0.0  # by the monotonic clock
        while not stopping.is_set():
            try:
                if time.monotonic() >= evaluates_at:
                    evaluates_at = time.monotonic() + EVALUATE_SECS
                    self._evaluate()
                sender.begin()
            except DatabaseError as error:
                if once:
                    raise
                self.stderr.write(without_values(f"The database is away: {error}").strip())
                connection.close()
                evaluates_at = 0.0  # what was not looked at is looked at once it is back
            if once:
                break
            stopping.wait(SEND_SECS)
        sender.finish()

    def _evaluate(self) -> None:
        now = timezone.now()
        evaluate(Facts(now))
        beats.beat(beats.Name.ALERTS, at=now)
        sending.heal(now)
