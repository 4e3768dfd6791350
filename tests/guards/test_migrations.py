"""What the migrations of a fresh database make: all that models say, and what they do not say."""

from typing import Any

import pytest
from django.apps import apps as django_apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.django_db
# How the history of each app begins: with its tables, and with what models do not say of them.
TABLES, STORAGE = "0001_initial", "0002_storage"
BEGINNINGS = {
    "core": [TABLES],
    "profiles": [TABLES, STORAGE],
    "cdp_sessions": [TABLES, STORAGE],
    "events": [TABLES, STORAGE],
    "segments": [TABLES],
}


def asked(query: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


def indexes(table: str) -> dict[str, str]:
    """What PostgreSQL says of the indexes of a table, from the method on: {name: definition}."""
    found = asked("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", table)
    return {name: definition.partition(" USING ")[2] for name, definition in found}


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_each_history_begins_with_the_tables_and_goes_on_without_gaps() -> None:
    ours = {config.label for config in django_apps.get_app_configs() if config.name.startswith("apps.")}
    histories: dict[str, list[str]] = {}
    for app, name in sorted(MigrationLoader(connection).disk_migrations):
        if app in ours:
            histories.setdefault(app, []).append(name)

    begun = {app: names[: len(BEGINNINGS.get(app, [TABLES]))] for app, names in histories.items()}
    assert begun == {app: BEGINNINGS.get(app, [TABLES]) for app in histories}
    for names in histories.values():
        assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


@pytest.mark.parametrize("table", ["profiles_profile", "cdp_sessions_session"])
def test_tables_that_every_event_updates_have_room_on_their_pages(table: str) -> None:
    [options] = asked("SELECT reloptions FROM pg_class WHERE relname = %s", table)

    assert set(options) == {"fillfactor=75", "autovacuum_vacuum_scale_factor=0.05"}


def test_events_are_partitioned_by_time() -> None:
    assert asked("SELECT pg_get_partkeydef('events_event'::regclass)") == ['RANGE ("time")']
    assert indexes("events_event") == {
        "events_event_pkey": 'btree (id, "time")',
        "events_event_by_profile": 'btree (profile_id, "time") WHERE (profile_id IS NOT NULL)',
        "events_event_by_session": 'btree (session_id, "time") '
        "WHERE ((profile_id IS NULL) AND (session_id IS NOT NULL))",
        "events_event_by_type": "btree (type, id)",
        "events_event_by_source": "btree (source_id, id)",
        "events_event_invalid": "btree (id) WHERE (NOT is_valid)",
    }


def test_events_have_the_columns_of_their_model() -> None:
    columns = asked(
        "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute"
        " WHERE attrelid = 'events_event'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    fields = django_apps.get_model("events", "Event")._meta.concrete_fields

    assert columns == [
        (
            field.column,
            (field.db_type(connection) or "").replace("varchar", "character varying"),
            field.null,
        )
        for field in fields
    ]


def test_the_search_of_people_has_columns_and_indexes_of_its_own() -> None:
    generated = asked(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = 'profiles_profile'::regclass AND attgenerated = 's' ORDER BY attname"
    )

    assert generated == ["last_active_hour", "last_seen_hour", "search_text"]
    assert asked("SELECT profiles_folded('Éric ÅSA')") == ["eric asa"]
    found = indexes("profiles_profile")
    assert found["profile_by_search_text"] == "gin (search_text gin_trgm_ops) WHERE (search_text IS NOT NULL)"
    assert found["profile_by_last_seen_hour"] == "btree (last_seen_hour)"
