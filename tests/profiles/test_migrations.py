"""Migrations that carry rows over, with rows."""

import importlib

import pytest
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from apps.core.ids import new_id
from apps.profiles.models import Merge, Profile, Reason
from tests.factories import NOON, ProfileFactory

NAME = "0098_days_of_the_calendar"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kept", "day"),
    [
        ("1990-05-01T00:00:00+00:00", "1990-05-01"),
        ("1990-04-30T22:00:00+00:00", "1990-05-01"),  # written in Berlin
        ("1990-05-01T05:00:00+00:00", "1990-05-01"),  # in New York
        ("1990-04-30T18:30:00+00:00", "1990-05-01"),  # in Delhi
        ("1990-04-30T11:00:00+00:00", "1990-04-30"),
        ("1990-05-01T12:00:00+00:00", "1990-05-01"),
        ("1990-05-01T15:47:11+00:00", "1990-05-01"),  # a time of the day
        ("1990-05-01", "1990-05-01"),
        (None, None),
    ],
)
def test_birthdays_that_were_kept_as_moments_become_the_days_that_were_written(
    kept: str | None, day: str | None
) -> None:
    data = {"pii": {"birthday": kept, "firstname": "Anna"}, "loyalty": {"card": {"expires": kept}}}
    profile = ProfileFactory(data=data)
    ids = {name: new_id() for name in ("kept_id", "merged_id", "kept_via", "merged_via")}
    said = {"data": profile.data}
    Merge.objects.create(at=NOON, kept_before=said, merged_before=said, reason=Reason.AGAIN, **ids)
    migration: Migration = importlib.import_module(f"apps.profiles.migrations.{NAME}").Migration(NAME, "profiles")
    before = MigrationLoader(connection).project_state(migration.dependencies)

    with connection.schema_editor(atomic=False) as editor:
        migration.apply(before, editor)

    expected = {"pii": {"birthday": day, "firstname": "Anna"}, "loyalty": {"card": {"expires": day}}}
    assert Profile.objects.get().data == expected
    merge = Merge.objects.get()
    assert [merge.kept_before, merge.merged_before] == [{"data": expected}] * 2
