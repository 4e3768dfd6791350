"""Databases made by migrations that are gone: before the first release those of each app became one or two."""

import json
import shlex
import sys
from typing import Final

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

# The last of the old migrations of each app, and the new one that makes the same tables.
SQUASHED: Final = {
    "core": ("0004_beat", "0001_initial"),
    "profiles": ("0110_dirty", "0002_storage"),
    "cdp_sessions": ("0085_device_key", "0002_storage"),
    "events": ("0100_versions_and_dead_letters", "0002_storage"),
    "segments": ("0110_reevaluations", "0001_initial"),
}
# Every database that the old ones made has this one.
MARK: Final = ("profiles", "0002_storage_parameters")

REFUSAL = """\
This database was made by migrations that are gone: those of {apps} became one or two each.
Nothing was changed. Back it up before you go on (docs/operations.md, "Backing up and restoring").
"""
AT_THE_END = """
Its tables are those that the new migrations make. Tell it so, and start again:

{commands}
"""
ON_THE_WAY = """
It stands before {missing}. Bring it up to there with the last version that has the old migrations, and start again:

  git switch --detach "$(git rev-list -1 HEAD -- {path})^"
  make up    # until it says where everything is; then Ctrl-C. Without it: manage.py migrate
  git switch -

If nothing in it is needed, take an empty database instead.
"""


class OldMigrations(CommandError):
    """The database cannot be migrated from here; the message says how it can be."""


def refuse_old() -> None:
    """Look for the old migrations among those that the database has. Raises OldMigrations."""
    applied = MigrationRecorder(connection).applied_migrations()
    if MARK not in applied:
        return
    refusal = REFUSAL.format(apps=", ".join(SQUASHED))
    missing = [f"{app} {last}" for app, (last, _) in SQUASHED.items() if (app, last) not in applied]
    if missing:
        app, (last, _) = next(iter(SQUASHED.items()))
        path = f"apps/{app}/migrations/{last}.py"
        raise OldMigrations(refusal + ON_THE_WAY.format(missing=", ".join(missing), path=path))
    raise OldMigrations(refusal + AT_THE_END.format(commands="\n".join(f"  {line}" for line in _way_out())))


def _way_out() -> list[str]:
    """Write the commands that forget the old names, which `--prune` cannot as they contradict the new ones."""
    forget = (
        "from django.db.migrations.recorder import MigrationRecorder; "
        f"MigrationRecorder.Migration.objects.filter(app__in={json.dumps(list(SQUASHED))}).delete()"
    )
    commands = [["shell", "--no-imports", "-c", forget]]
    commands += [["migrate", "--fake", app, name] for app, (_, name) in SQUASHED.items()]
    return [shlex.join([sys.executable, str(settings.BASE_DIR / "manage.py"), *command]) for command in commands]
