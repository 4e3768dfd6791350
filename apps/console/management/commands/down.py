"""Stop what `manage.py up` runs, from another terminal."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.console.leftovers import stop_leftovers
from cdp import embedded


class Command(BaseCommand):
    """Stop all processes of this installation; those of operators' own servers are left alone."""

    help = "Stop everything that `manage.py up` started."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Stop, and say how many processes there were."""
        self.stdout.write(f"Stopped {stop_leftovers(embedded.var_dir())} processes.")
