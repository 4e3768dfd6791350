"""One role of the platform, for whoever supervises processes themselves: containers, systemd units, crontabs."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.console import supervision
from apps.console.ports import check_port


class Command(BaseCommand):
    """Become the process of a role: the same command that `manage.py up` keeps running."""

    help = "Run one role of the platform in the foreground."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the role, and whether it ends by itself."""
        host, port = supervision.listening()
        parser.add_argument("role", choices=supervision.roles(host=host, port=port))
        parser.add_argument("--once", action="store_true", help="end when there is nothing to do: for a crontab")

    def handle(self, *args: Any, role: str, once: bool, **options: Any) -> None:
        """Replace this process: signals and the exit code are then the role's own."""
        if once and role not in supervision.ONCE:
            raise CommandError(f"{role} runs until it is told to stop: --once is for {', '.join(supervision.ONCE)}.")
        host, port = supervision.listening()
        if role == "web":
            check_port(host, port)  # granian would share it, and get a part of another server's requests
        command = [*supervision.roles(host=host, port=port)[role], *([supervision.ONCE[role]] if once else [])]
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
