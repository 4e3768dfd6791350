"""The process that puts jobs into their queues by the clock; each job says how often."""

import logging
import time
from datetime import timedelta
from types import FrameType
from typing import Any, Self

from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_redis.exceptions import ConnectionInterrupted
from django_rq.cron import DjangoCronScheduler
from redis.exceptions import ConnectionError as AwayError
from redis.exceptions import TimeoutError as SilentError
from rq.cron import CronJob
from rq.exceptions import StopRequested
from rq.utils import now

from apps.core.jobs import enqueue, jobs

logger = logging.getLogger(__name__)
PAUSE_SECS, MOST_PAUSE_SECS = 1.0, 30.0
EARLY_SECS = 30  # by which a job may come before its time: the minutes of a crontab are not kept to the second


class Scheduler(DjangoCronScheduler):
    """The scheduler of RQ, for clocks that may go back."""

    is_stopping = False

    @classmethod
    def of_all_jobs(cls) -> Self:
        """Make one that puts every job into its queue that says how often."""
        scheduler = cls(logging_level=logging.WARNING)
        for job in jobs.values():
            if job.every is not None:
                scheduler.register(job.run, job.queue.name, interval=int(job.every.total_seconds()))
        return scheduler

    def enqueue_jobs(self) -> list[CronJob]:
        """Put what is due into its queue; so is what was put at a time that has yet to come."""
        for job in self.get_jobs():
            if job.latest_enqueue_time and job.latest_enqueue_time > now():
                job.latest_enqueue_time = None  # it never ran, as far as this clock knows
        found: list[CronJob] = super().enqueue_jobs()
        return found

    def _request_stop(self, signal_number: int, frame: FrameType | None) -> None:
        self.is_stopping = True
        super()._request_stop(signal_number, frame)  # type: ignore[no-untyped-call]


class Command(BaseCommand):
    """Put jobs into their queues until told to stop; without Valkey, wait for it."""

    help = "Put jobs into their queues, each as often as it says."

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer to end at once."""
        parser.add_argument("--once", action="store_true", help="put what is due, and end: each minute by a crontab")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Run for ever; Ctrl-C and SIGTERM end it."""
        if once:
            self._put_what_is_due()
            return
        scheduler = Scheduler.of_all_jobs()
        pause_secs = PAUSE_SECS
        try:
            while True:
                began_at = time.monotonic()
                try:
                    scheduler.start()  # type: ignore[no-untyped-call]
                    return
                except (AwayError, SilentError):
                    if scheduler.is_stopping:
                        return
                    if time.monotonic() - began_at > MOST_PAUSE_SECS:
                        pause_secs = PAUSE_SECS
                    logger.warning("Valkey is away; nothing is put into queues until it is back")
                time.sleep(pause_secs)
                pause_secs = min(2 * pause_secs, MOST_PAUSE_SECS)
        except (KeyboardInterrupt, StopRequested):
            return

    def _put_what_is_due(self) -> None:
        """Put each job that nobody put for as long as it says; Valkey remembers, and a job may run once too often."""
        due = []
        try:
            for name, job in jobs.items():
                if job.every is not None and cache.add(f"clock:{name}", value=True, timeout=_rest_secs(job.every)):
                    enqueue(job.run)
                    due.append(job.run.__name__)
        except (AwayError, SilentError, ConnectionInterrupted):
            raise CommandError("Valkey is away; nothing is put into queues until it is back.") from None
        self.stdout.write(f"Put into queues: {', '.join(due) or 'nothing is due'}.")


def _rest_secs(every: timedelta) -> int:
    return max(1, int(every.total_seconds()) - EARLY_SECS)
