"""Apply a changed mapping to events that are stored, in the background."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core import audit
from apps.events.event_types import backfill
from apps.events.jobs import start_backfill

KINDS = {"traits": backfill.TRAITS, "profiles": backfill.PROFILES}


class Command(BaseCommand):
    """Start a task; the admin shows its progress under Tasks."""

    help = "Index the traits of stored events, or copy stored events to profiles: manage.py backfill profiles sign-up"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is to be done, a type, and a period of the events' time."""
        parser.add_argument("what", choices=KINDS)
        parser.add_argument("type", help="the event type")
        parser.add_argument(
            "--since", type=_time, help="ISO date or time, UTC without a zone; default: the first event"
        )
        parser.add_argument("--until", type=_time, help="exclusive; default: now")
        parser.add_argument(
            "--field", action="append", default=[], dest="fields", help="profiles: only this field; may be repeated"
        )

    def handle(self, *args: Any, what: str, type: str, **options: Any) -> None:
        """Start the task and print its id."""
        try:
            params = backfill.plan(
                KINDS[what], type, since=options["since"], until=options["until"], fields=options["fields"]
            )
        except backfill.CannotBackfill as error:
            raise CommandError(str(error)) from None
        task = start_backfill(KINDS[what], params=params, actor=audit.COMMAND, now=timezone.now())
        self.stdout.write(f"Task {task.pk} waits for a worker.")


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
