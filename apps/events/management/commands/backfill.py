"""Apply a changed mapping to events that are stored, in the background; see docs/copying.md."""

import time
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core import audit
from apps.core.models import Task
from apps.events.backfill.dry_run import preview
from apps.events.backfill.selection import PROFILES, TRAITS, CannotBackfill, Mode, Selection, plan
from apps.events.jobs import start_backfill, undo_backfill

KINDS: Final = {"traits": TRAITS, "profiles": PROFILES}
LOOK_SECS: Final = 1.0


class Command(BaseCommand):
    """Start a task; the admin shows its progress under Tasks."""

    help = "Index the traits of stored events, or copy stored events to profiles: manage.py backfill profiles sign-up"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is to be done, a type, what narrows its events, and how it is done; or a run that is undone."""
        parser.add_argument("what", choices=KINDS, nargs="?")
        parser.add_argument("type", nargs="?", help="the event type")
        parser.add_argument(
            "--since", type=_time, help="ISO date or time, UTC without a zone; default: the first event"
        )
        parser.add_argument("--until", type=_time, help="exclusive; default: now")
        parser.add_argument("--source", type=UUID, help="only events of this source")
        parser.add_argument("--condition", default="", help="only events of which it is true: see docs/conditions.md")
        parser.add_argument(
            "--field", action="append", default=[], dest="fields", help="profiles: only this field; may be repeated"
        )
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            "--overwrite",
            action="store_const",
            const=Mode.OVERWRITE,
            dest="mode",
            help="profiles: also what other events said of a later time; what was entered by hand stays",
        )
        mode.add_argument(
            "--only-empty",
            action="store_const",
            const=Mode.ONLY_EMPTY,
            dest="mode",
            help="profiles: only fields that are empty",
        )
        parser.add_argument("--rate", type=int, help="events a second at most")
        parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
        parser.add_argument("--undo", type=UUID, metavar="TASK", help="undo what the run with this id changed")
        parser.add_argument("--wait", action="store_true", help="show the progress, and return when it has ended")

    def handle(self, *args: Any, what: str | None, type: str | None, **options: Any) -> None:
        """Start the task and print its id, or tell what it would do."""
        try:
            if options["undo"]:
                task = undo_backfill(options["undo"], actor=audit.COMMAND, now=timezone.now())
            elif what is None or type is None:
                raise CommandError(f"Name what is to be done ({' or '.join(KINDS)}) and a type, or --undo TASK.")
            else:
                selection = _asked(KINDS[what], type, options)
                if options["dry_run"]:
                    return self._tell(selection)
                rate = options["rate"]
                if rate is not None and rate < 1:
                    raise CommandError("--rate: at least one event a second.")
                task = start_backfill(selection, actor=audit.COMMAND, now=timezone.now(), max_rate=rate)
        except CannotBackfill as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Task {task.pk} waits for a worker.")
        if options["wait"]:
            self._wait(task)
        return None

    def _tell(self, selection: Selection) -> None:
        now = timezone.now()
        found = preview(plan(selection, at=now), at=now)
        about = "about " if found.is_estimate else ""
        people = "" if found.n_people is None else f" of {found.n_people:,} people"
        self.stdout.write(f"{about}{found.n_events:,} events{people}.")
        self.stdout.write(f"Of {found.n_looked_at:,}, the latest and the oldest: {found.n_changed:,} would be changed.")
        for sample in found.samples:
            self.stdout.write(f"\n{sample.id}")
            for change in sample.changes:
                self.stdout.write(f"  {change.path}: {change.before!r} -> {change.after!r}")
        for conflict in found.conflicts:
            self.stdout.write(f"\n{conflict.path}: {conflict.count:,} values do not fit. {conflict.reason}")

    def _wait(self, task: Task) -> None:
        told = ""
        while task.state in Task.UNFINISHED:
            time.sleep(LOOK_SECS)
            task.refresh_from_db()
            percent = "" if task.percent is None else f" {task.percent}%"
            line = f"{task.get_state_display()}{percent} {task.message}"
            if line != told:
                self.stdout.write(line)
                told = line
            if task.state == Task.State.PAUSED:
                return
        if task.state != Task.State.DONE:
            raise CommandError(f"It ended otherwise: {task.message or task.get_state_display()}")


def _asked(kind: str, type: str, options: dict[str, Any]) -> Selection:
    return Selection(
        kind,
        type,
        since=options["since"],
        until=options["until"],
        source=options["source"],
        condition=options["condition"],
        fields=tuple(options["fields"]),
        mode=options["mode"] or Mode.NEWEST,
    )


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
