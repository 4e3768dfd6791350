"""Read for bridges: one long-running process for all of them, or several for some."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.conditions.nearest import nearest
from apps.core.garbage import collect_less_often
from apps.inbound.models import Bridge
from apps.inbound.runner import Runner


class Command(BaseCommand):
    """Bring in what brokers, mailboxes, databases and files have."""

    help = "Read for all bridges, or for those that are named. Several processes share the work, or stand by."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="bridges; none: all, those to come included")
        parser.add_argument("--once", action="store_true", help="end when nothing is left to read: for a crontab")

    def handle(self, *args: Any, names: list[str], once: bool, **options: Any) -> None:
        """Read until told to stop; SIGTERM and Ctrl-C let what has begun finish."""
        known = list(Bridge.objects.values_list("name", flat=True)) if names else []
        for name in names:
            if name not in known:
                meant = nearest(name, known)
                hint = f"Did you mean {meant}?" if meant else f"There are {', '.join(known) or 'none'}."
                raise CommandError(f"There is no bridge {name}. {hint}")
        runner = Runner(names)

        def stop(_number: int, _frame: FrameType | None) -> None:
            runner.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        collect_less_often()
        if once:
            for line in runner.run_once() or ["No bridge is on."]:
                self.stdout.write(line)
        else:
            runner.run()
