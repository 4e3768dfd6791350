"""Drafts that several people save: nobody overwrites anybody, and the record is no longer than the work."""

from datetime import datetime
from typing import Any

import pytest

from apps.api.scopes import Scope
from apps.core.models import AuditEntry
from apps.flows.changing import publishing
from apps.flows.models import Flow
from tests.api.test_sessions import DRAWS, person
from tests.flows.drawing import drawn, published, redrawn
from tests.programs import program

pytestmark = pytest.mark.django_db
FLOW = "/api/flows/welcome"


def drawing(zone: str) -> dict[str, Any]:
    return {**publishing.FIRST_DRAFT, "zone": zone}


def save(client: Any, revision: int, zone: str) -> Any:
    body = {"draft": drawing(zone), "revision": revision, "is_unfinished": True}
    return client.patch(FLOW, body, format="json")


def test_who_is_too_late_is_told_what_was_saved_by_whom_and_when() -> None:
    drawn()
    mara, ada = person(*DRAWS), person(*DRAWS, name="ada")
    assert save(ada, 1, "Europe/Vienna").json()["draft_revision"] == 2

    refused = save(mara, 1, "Europe/Paris")

    told = refused.json()
    assert (refused.status_code, told["code"], told["field"]) == (409, "changed", "revision")
    assert (told["draft_revision"], told["draft"]) == (2, drawing("Europe/Vienna"))
    row = Flow.objects.get()
    assert row.draft_changed_at is not None
    assert (told["changed_by"], datetime.fromisoformat(told["changed_at"])) == ("ada", row.draft_changed_at)
    assert row.draft == drawing("Europe/Vienna")


def test_whether_somebody_has_saved_is_asked_without_the_draft() -> None:
    row = drawn()
    client = program(Scope.FLOWS_READ)

    first = client.get(f"{FLOW}/revision").json()
    assert (first["draft_revision"], first["version"], first["state"]) == (1, None, "off")
    published(row)
    redrawn(row, zone="Europe/Vienna")

    again = client.get(f"{FLOW}/revision").json()
    assert (again["draft_revision"], again["version"], again["changed_by"]) == (2, 1, "anna")
    assert again.keys() == first.keys() == {"draft_revision", "version", "state", "changed_by", "changed_at"}


def test_what_is_saved_while_somebody_draws_is_one_entry_of_the_audit_log() -> None:
    row = drawn()
    client, ada = person(*DRAWS), person(*DRAWS, name="ada")
    for revision in range(1, 6):
        save(client, revision, f"Etc/GMT-{revision}")
    save(ada, 6, "Europe/Vienna")

    maras, adas = AuditEntry.objects.filter(object_id=row.pk).order_by("id")
    assert (maras.actor_name, maras.details["fields"], maras.details["times"]) == ("mara", ["draft"], 5)
    assert (adas.actor_name, adas.details) == ("ada", {"name": "welcome", "fields": ["draft"]})


def test_a_draft_goes_back_to_what_is_published() -> None:
    row = drawn()
    client = program(Scope.FLOWS_WRITE)
    nothing = client.post(f"{FLOW}/discard-draft", {"revision": 1}, format="json")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "not_now")
    published(row)
    redrawn(row, zone="Europe/Vienna")
    late = client.post(f"{FLOW}/discard-draft", {"revision": 1}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "changed")

    done = client.post(f"{FLOW}/discard-draft", {"revision": 2}, format="json").json()

    assert (done["draft"], done["draft_revision"]) == (publishing.FIRST_DRAFT, 3)
    assert AuditEntry.objects.filter(object_id=row.pk).latest("id").action == "discarded the draft"
