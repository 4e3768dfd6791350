"""Is all well? For a person at a shell, and for scripts."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.collector import health
from apps.core.spans import in_words

EXIT_CODES = {"ok": 0, "degraded": 1, "unavailable": 2}


class Command(BaseCommand):
    """Say how the platform is, as `/healthcheck/ready` and the admin's home do."""

    help = "Say whether all is well, and what to do. Exit codes: 0 ok, 1 degraded, 2 no events are taken."

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer JSON."""
        parser.add_argument("--json", action="store_true", help="print figures and findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it, and end with the exit code."""
        found = health.measure()
        if options["json"]:
            self.stdout.write(json.dumps(found.as_dict(), indent=1))
        else:
            self._tell(found)
        sys.exit(EXIT_CODES[found.status])

    def _tell(self, found: health.Health) -> None:
        self.stdout.write(f"Status: {found.status}")
        for finding in found.findings():
            self.stdout.write(f"- {finding.message} {finding.remedy}")
        if found.takes_events:
            oldest = "" if found.inbox_oldest_secs is None else f", the oldest for {found.inbox_oldest_secs:.0f} s"
            self.stdout.write(f"Inbox: {found.inbox_waiting} wait{oldest}; {found.n_dead_letters} dead letters.")
        for queue in found.queues.queues:
            oldest = "" if queue.oldest_secs is None else f", the oldest for {in_words(queue.oldest_secs)}"
            counts = f"{queue.depth} jobs{oldest}, {queue.n_workers} workers, {queue.n_failed} failed"
            self.stdout.write(f"Queue {queue.name}: {counts}.")
