"""All that is known of a person, in one archive."""

import csv
import io
import json
import zipfile
from typing import Any
from uuid import uuid4

import pytest

from apps.core import audit
from apps.core.models import AuditEntry
from apps.events.models import InboxItem
from apps.profiles import export
from apps.profiles.holdings import holdings
from apps.profiles.models import PrivacyRequest, Profile
from tests.factories import NOON, AliasFactory, InboxItemFactory, ProfileFactory, SessionFactory, SourceFactory

pytestmark = pytest.mark.django_db


def export_of(profile: Profile) -> zipfile.ZipFile:
    request, person = export.begin(profile.id, reference="ticket 7", actor=audit.SYSTEM, at=NOON)
    return zipfile.ZipFile(io.BytesIO(b"".join(export.stream(person, request))))


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    """Read a file of the archive, both of its forms, and see that they hold the same number of rows."""
    found: list[dict[str, Any]] = json.loads(archive.read(f"{name}.json"))
    assert len(list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))) == len(found)
    return found


def test_each_holding_has_a_file_of_each_kind_and_a_line_in_the_introduction() -> None:
    archive = export_of(ProfileFactory())

    names = set(archive.namelist())
    introduction = archive.read("README.txt").decode()
    for holding in holdings.values():
        assert {f"{holding.name}.json", f"{holding.name}.csv"} <= names
        assert holding.title in introduction
    assert "ticket 7" in introduction
    assert archive.testzip() is None


def test_a_person_is_found_by_any_id_that_they_ever_had() -> None:
    alias = AliasFactory()

    request, person = export.begin(alias.id, reference="x", actor=audit.SYSTEM, at=NOON)

    assert person.id == alias.profile_id
    assert request.kind == PrivacyRequest.Kind.EXPORT


def test_nobody_else_is_in_it() -> None:
    anna, ben = ProfileFactory(primary_id="anna"), ProfileFactory(primary_id="ben")
    SessionFactory(profile=anna)
    SessionFactory(profile=ben)

    archive = export_of(anna)

    assert [row["primary_id"] for row in rows(archive, "profile")] == ["anna"]
    assert [row["profile_id"] for row in rows(archive, "sessions")] == [str(anna.id)]


def test_an_unknown_person_is_refused() -> None:
    with pytest.raises(Profile.DoesNotExist):
        export.begin(uuid4(), reference="x", actor=audit.SYSTEM, at=NOON)


def test_what_was_exported_is_counted_and_recorded() -> None:
    anna = ProfileFactory()
    SessionFactory.create_batch(3, profile=anna)

    export_of(anna)

    request = PrivacyRequest.objects.get()
    assert (request.counts["profile"], request.counts["sessions"], request.reference) == (1, 3, "ticket 7")
    assert request.finished_at is not None
    assert AuditEntry.objects.get().action == "exported"


def test_formulas_do_not_run_in_the_spreadsheets_of_our_staff() -> None:
    archive = export_of(ProfileFactory(primary_id="=HYPERLINK(1)"))

    [row] = csv.DictReader(io.StringIO(archive.read("profile.csv").decode()))
    assert row["primary_id"] == "'=HYPERLINK(1)"
    assert rows(archive, "profile")[0]["primary_id"] == "=HYPERLINK(1)"


def test_large_exports_are_sent_while_they_are_written() -> None:
    anna = ProfileFactory()
    for _ in range(40):
        SessionFactory(profile=anna, context={"noise": [str(uuid4()) for _ in range(500)]})
    request, person = export.begin(anna.id, reference="x", actor=audit.SYSTEM, at=NOON)

    parts = list(export.stream(person, request))

    assert len(parts) > 4
    assert max(map(len, parts)) < 4 * export.CHUNK_BYTES


def test_of_dead_letters_the_own_parts_are_in_it(settings: Any) -> None:
    source = SourceFactory()
    anna = ProfileFactory()
    body = {"source": {"id": str(source.id)}, "profile": {"id": str(anna.id)}, "events": [{"type": "x"}]}
    InboxItemFactory(source_id=source.id, body=json.dumps(body), dead_at=NOON)
    InboxItemFactory(source_id=source.id, body=json.dumps({**body, "profile": None}), dead_at=NOON)
    InboxItemFactory(body="unreadable: " + json.dumps(str(anna.id)), dead_at=NOON)

    archive = export_of(anna)

    assert [row["messages"] for row in rows(archive, "dead_letters")] == [[body], [InboxItem.objects.latest("id").body]]
