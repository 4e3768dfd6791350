"""Evaluate segments for many people: what waits, and everybody for what depends on time."""

import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core import beats, tasks
from apps.core.models import Task
from apps.segments import jobs, live
from apps.segments.models import Reevaluation
from apps.segments.runs import due, paging

IDLE_SECS = 0.5
SLICE_SECS = 60.0


class Command(BaseCommand):
    """Make runs, begin with flows over everybody, and push both to the queue `segmentation:live`, as the clock does."""

    help = "Evaluate segments: manage.py segment_live [--full] [--segment KEY ...] [--wait]"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to evaluate, and whether to wait."""
        parser.add_argument("--full", action="store_true", help="everybody, for what depends on time, and for flows")
        parser.add_argument("--segment", nargs="+", default=[], metavar="KEY", help="everybody, for these segments")
        parser.add_argument("--wait", action="store_true", help="work on the pages here, too, and end with the runs")

    def handle(self, *args: Any, full: bool, segment: list[str], wait: bool, **options: Any) -> None:
        """Begin what waits, and what is asked for; print what began and, after waiting, how it ended."""
        now = timezone.now()
        beats.beat(beats.Name.CRON, at=now)
        try:
            begun = [due.begin_due(requested_by="command", now=now)]
            if full or segment:
                begun.append(due.begin_full(segment, requested_by="command", now=now))
        except KeyError as error:
            raise CommandError(f"No segment with a condition that is switched on: {', '.join(error.args)}.") from None
        jobs.push(sum(each.n_pages for each in begun))
        others = live.begin(is_full=full, requested_by="command", now=now)
        self.stdout.write(" ".join([*(each.sentence for each in begun), *map(live.told, others)]))
        if wait:
            self._wait()
            self._wait_for(live.under_way())

    def _wait_for(self, going: Sequence[Task]) -> None:
        """Carry on what is under way, page after page."""
        for task in going:
            while tasks.run(task.pk, secs=SLICE_SECS):
                pass
            task.refresh_from_db()
            self.stdout.write(f"{tasks.title_of(task)}: {task.progress:,} people, {task.message}.")

    def _wait(self) -> None:
        """Take page after page, as workers do, until the runs that are under way are over."""
        run_ids = set(Reevaluation.objects.filter(finished_at=None).values_list("pk", flat=True))
        while Reevaluation.objects.filter(pk__in=run_ids, finished_at=None).exists():
            if not paging.work():
                paging.heal(now=timezone.now())
                time.sleep(IDLE_SECS)
        for run in Reevaluation.objects.filter(pk__in=run_ids).order_by("started_at"):
            self.stdout.write(
                f"{run.get_kind_display()}: {run.n_seen} people, {run.n_entered} entered, {run.n_left} left."
            )
            for key, problem in run.problems.items():
                self.stderr.write(f"{key or 'A page'}: {problem}")
