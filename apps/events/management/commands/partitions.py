"""Keep the event table in shape: for a cron of the machine's own, daily; `cron` runs the same as a job."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from apps.events.store.maintenance import maintain


class Command(BaseCommand):
    """Run the maintenance of the event tables once; safe to run at any time and twice."""

    help = "Make partitions ahead, drop expired ones, forget old message keys and refused events."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run once and print what was done."""
        self.stdout.write(str(maintain(now=datetime.now(UTC))))
