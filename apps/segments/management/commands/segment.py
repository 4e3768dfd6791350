"""Look into segments from the command line, and fill those that are lists."""

import json
from argparse import FileType
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core import audit, keyset
from apps.segments import lists, sizes
from apps.segments.list_files import ListError, open_text
from apps.segments.lists import Mode
from apps.segments.models import Membership, Segment
from apps.segments.query_plan import explain
from apps.segments.warnings import warnings_of


class Command(BaseCommand):
    """List, count, explain and export segments."""

    help = "Look into segments: manage.py segment explain KEY"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action and, for all but `list`, the key of a segment."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="print all segments, one line of JSON each")
        for action, words in (
            ("count", "count the members, and note the size of the day"),
            ("members", "print the ids of the members' profiles"),
            ("explain", "say what the condition reads, how SQL evaluates it, and by which indexes"),
        ):
            actions.add_parser(action, help=words).add_argument("key")
        taking = actions.add_parser("import", help="let people enter or leave a segment of the kind list")
        taking.add_argument("key")
        taking.add_argument(
            "file", type=FileType("rb"), help="CSV in UTF-8 or UTF-16, one person a line; - is standard input"
        )
        taking.add_argument(
            "--column", default="", help="its name in the first line, or its number; without, the first column"
        )
        taking.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.ADD.value)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the action."""
        if action == "list":
            self._print(json.dumps(_line(row)) for row in Segment.objects.order_by("key"))
            return
        row = Segment.objects.filter(key=options["key"]).first()
        if row is None:
            raise CommandError(f"There is no segment {options['key']}.")
        for warning in warnings_of(row):
            self.stderr.write(f"Warning: {warning}")
        if action == "explain":
            self._print(explain(row, now=timezone.now()))
        elif action == "count":
            sizes.count([row.key], now=timezone.now())
            row.refresh_from_db()
            self._print([str(row.size)])
        elif action == "members":
            audit.record_by_itself("exported", actor=audit.COMMAND, at=timezone.now(), object=row, name=row.key)
            own = Membership.objects.filter(segment=row, left_at=None).values_list("profile_id")
            self._print(str(profile_id) for (profile_id,) in keyset.rows(own, "profile_id", size=10_000))
        else:
            self._import(row, **options)

    def _import(self, row: Segment, *, file: Any, column: str, mode: str, **_options: Any) -> None:
        try:
            names = lists.read(open_text(file), column=column)
            report = lists.take(row, names, mode=Mode(mode), actor=audit.COMMAND, now=timezone.now())
        except ListError as error:
            raise CommandError(str(error)) from None
        sizes.count([row.key], now=timezone.now())
        for problem, lines in (("names nobody", report.unknown), ("names several people", report.ambiguous)):
            for number, name in lines:
                self.stderr.write(f"Line {number} {problem}: {name}")
        told = {name: getattr(report, name) for name in ("n_lines", "n_entered", "n_left", "n_unknown", "n_ambiguous")}
        self._print([json.dumps(told)])

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _line(row: Segment) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "kind": row.kind,
        "condition": row.condition,
        "size": row.size,
        "is_enabled": row.is_enabled,
        "warnings": warnings_of(row),
        "evaluated_at": row.evaluated_at.isoformat() if row.evaluated_at else None,
    }
