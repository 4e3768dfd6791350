"""Bring computed traits up to date, here and now: for scripts, and for a cron of the machine's own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core import audit, tasks
from apps.core.models import Task
from apps.events.computed_traits import definitions, recomputing
from apps.events.models import ComputedTrait

SLICE_SECS = 5.0


class Command(BaseCommand):
    """Do what the background task does; it may run at the same time, and either takes what the other left."""

    help = "Count what changed anew, let windows slide and give scores: manage.py compute_traits [--again KEY ...]"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the traits that are to be counted anew though nothing changed."""
        parser.add_argument("--again", nargs="+", default=[], metavar="KEY", help="count these from all stored events")

    def handle(self, *args: Any, again: list[str], **options: Any) -> None:
        """Run until all is up to date, and print how far it is."""
        rows = ComputedTrait.objects.filter(key__in=again)
        unknown = sorted(set(again) - set(rows.values_list("key", flat=True)))
        if unknown:
            raise CommandError(f"There is no computed trait {', '.join(unknown)}.")
        if again:
            definitions.renew(rows, actor=audit.COMMAND, now=timezone.now())
        task = tasks.create(recomputing.KIND, params={}, requested_by="command", now=timezone.now())
        while tasks.run(task.pk, secs=SLICE_SECS):
            task.refresh_from_db()
            self.stdout.write(f"{task.progress} of {task.total} profiles")
        task.refresh_from_db()
        if task.state == Task.State.FAILED:
            raise CommandError(f"It failed: {task.message}")
        if task.state != Task.State.DONE:
            raise CommandError(f"Somebody has {task.get_state_display().lower()} it.")
        self.stdout.write(f"{task.progress} profiles; {task.message[0].lower()}{task.message[1:]}.")
