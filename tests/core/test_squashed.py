"""Databases that were made by migrations that are gone."""

import re
import shlex

import pytest
from django.apps import apps as django_apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from apps.core.squashed import MARK, SQUASHED, OldMigrations

pytestmark = pytest.mark.django_db
Recorded = set[tuple[str, str]]


def recorded() -> Recorded:
    return set(MigrationRecorder(connection).applied_migrations())


def record_old(names: Recorded) -> None:
    """Let the database say that the old migrations made it."""
    MigrationRecorder.Migration.objects.filter(app__in=SQUASHED).delete()
    for app, name in {*names, *((app, "0001_initial") for app in SQUASHED if app != "core")}:
        MigrationRecorder(connection).record_applied(app, name)


@pytest.fixture
def nothing_later(db: None) -> None:
    """Take back what the old migrations never knew: other apps, and what was added since."""
    with_tables = {app for app, _ in recorded()}
    # What one migration changed of rows would keep the next from dropping their table: this is one transaction for all.
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    for config in reversed([*django_apps.get_app_configs()]):
        if config.name.startswith("apps.") and config.label in with_tables - SQUASHED.keys():
            call_command("migrate", config.label, "zero", verbosity=0)
    for app, (_, name) in reversed(SQUASHED.items()):
        call_command("migrate", app, name, verbosity=0)


def refused() -> str:
    before = recorded()
    with pytest.raises(OldMigrations) as caught:
        call_command("migrate", verbosity=0)
    assert recorded() == before
    return str(caught.value)


@pytest.mark.usefixtures("nothing_later")
def test_a_database_at_the_end_of_the_old_migrations_goes_on_after_the_commands_that_are_printed() -> None:
    known = recorded()
    record_old({MARK, *((app, last) for app, (last, _) in SQUASHED.items())})

    told = refused()

    commands = [shlex.split(line) for line in told.splitlines() if line.startswith("  ")]
    assert len(commands) == 1 + len(SQUASHED)
    for _python, _manage, command, *args in commands:
        if command == "shell":
            call_command(command, *args)
        else:
            call_command(command, *args, verbosity=0)
    assert {name for name in recorded() if name[0] in SQUASHED} <= known
    call_command("migrate", verbosity=0)
    assert recorded() >= known


def test_a_database_on_the_way_is_brought_to_the_end_of_the_old_migrations_first() -> None:
    record_old({MARK, *((app, last) for app, (last, _) in SQUASHED.items() if app != "events")})

    told = refused()

    assert f"It stands before events {SQUASHED['events'][0]}." in told
    assert re.search(r'git switch --detach "\$\(git rev-list -1 HEAD -- apps/core/migrations/\w+\.py\)\^"', told)
    assert "--fake" not in told


def test_what_takes_the_place_of_the_old_migrations_is_there() -> None:
    assert {(app, name) for app, (_, name) in SQUASHED.items()} <= recorded()
