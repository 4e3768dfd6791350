"""Migrations that carry rows over, with rows."""

import importlib
from typing import Any

import pytest
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from apps.events.models import Source
from apps.profiles.models import ConsentText, ConsentType
from tests.factories import ProfileFactory, SourceFactory

NAME = "0041_required_consents"


class Again:
    """The migration, undone, and to be done again on what is there; the test's transaction undoes both."""

    def __init__(self) -> None:
        self.migration: Migration = importlib.import_module(f"apps.events.migrations.{NAME}").Migration(NAME, "events")
        self.before = MigrationLoader(connection).project_state(self.migration.dependencies)

    def undo(self) -> None:
        with connection.schema_editor(atomic=False) as editor:
            self.migration.unapply(self.before.clone(), editor)

    def do(self) -> None:
        with connection.schema_editor(atomic=False) as editor:
            self.migration.apply(self.before.clone(), editor)


def migrate(requiring: list[Source], consents: list[dict[str, Any]]) -> None:
    """Go back to when sources required any consent, let some of them do so, and go on from there."""
    for given in consents:
        ProfileFactory(consents=given)
    again = Again()
    again.undo()
    with connection.cursor() as cursor:
        ids = [source.pk for source in requiring]
        cursor.execute("UPDATE events_source SET requires_consent = true WHERE id = ANY(%s)", [ids])
    again.do()


@pytest.mark.django_db
def test_sources_that_required_a_consent_require_all_that_people_have_given() -> None:
    strict, lax = SourceFactory(), SourceFactory()

    migrate([strict], [{"letters": {"revoke": None}}, {"calls": {"revoke": None}, "letters": {"revoke": None}}, {}])

    assert Source.objects.get(pk=strict.pk).required_consents == ["calls", "letters"]
    assert Source.objects.get(pk=lax.pk).required_consents == []
    assert set(ConsentType.objects.values_list("id", "text_version")) == {("calls", 1), ("letters", 1)}
    assert set(ConsentText.objects.values_list("consent_type_id", "version")) == {("calls", 1), ("letters", 1)}


@pytest.mark.django_db
def test_a_source_that_required_what_nobody_has_given_stays_closed() -> None:
    strict = SourceFactory()

    migrate([strict], [{}])

    assert Source.objects.get(pk=strict.pk).required_consents == ["data-collection"]
    assert ConsentType.objects.filter(id="data-collection").exists()


@pytest.mark.django_db
def test_without_such_a_source_nothing_is_made_up() -> None:
    migrate([], [])

    assert not ConsentType.objects.exists()
