"""Look at connections from the command line, try one, and let one that is held go on."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.bridges import connections, releasing
from apps.bridges.connection_kind import WORDS
from apps.bridges.connections import NoTestSettings
from apps.bridges.models import Connection
from apps.core import audit
from apps.core.encryption import Unreadable
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError


class Command(BaseCommand):
    """List, try and release connections."""

    help = "Looks at connections to other systems: manage.py connection test NAME"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action and, for all but `list`, the name of a connection."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="print all connections, one line of JSON each, without secrets")
        trying = actions.add_parser(
            "test", help="try one now, and say of each part how it went; sends and reads nothing"
        )
        trying.add_argument("name")
        trying.add_argument("--as-test", action="store_true", help="by its settings for tests")
        actions.add_parser("release", help="let one that is held, or rests, send again").add_argument("name")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the action."""
        if action == "list":
            rows = list(Connection.objects.order_by("name"))
            waiting = connections.n_waiting(rows)
            for row in rows:
                self.stdout.write(json.dumps(_line(row, waiting)))
            return
        found = named(options["name"])
        if action == "test":
            self._try(found, is_test=options["as_test"])
            return
        with transaction.atomic():
            was_held = releasing.release(found, now=timezone.now())
            audit.record("released", actor=audit.COMMAND, at=timezone.now(), object=found, name=found.name)
        self.stdout.write(f"{found} sends again." if was_held else f"{found} was not held.")

    def _try(self, row: Connection, *, is_test: bool) -> None:
        audit.record_by_itself("tested", actor=audit.COMMAND, at=timezone.now(), object=row, name=row.name)
        try:
            report = connections.tried(row, is_test=is_test)
        except (DefinitionError, NoTestSettings, SettingsError, Unreadable) as error:
            raise CommandError(f"It was not tried. {error}") from None
        for finding in report.findings:
            self.stdout.write(f"{finding.part.label}: {WORDS[finding.state]}. {finding.told}")
        if not report.is_well:
            raise CommandError(connections.outcome_of(row, report))


def named(name: str) -> Connection:
    """Return the connection of a name. Raises CommandError where there is none, with all names that there are."""
    found = Connection.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Connection.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(f"There is no connection {name}. There are: {known or 'none'}.")
    return found


def _line(row: Connection, waiting: Mapping[UUID, int]) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "kind": row.kind,
        "is_enabled": row.is_enabled,
        "settings": row.settings,
        "held_since": row.held_at.isoformat() if row.held_at else None,
        "held_because": row.held_because,
        "n_waiting": waiting.get(row.pk, 0),
    }
