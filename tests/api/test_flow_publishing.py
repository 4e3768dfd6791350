"""What somebody is told before they publish: what changes, who is inside, which cases fail; and what was published."""

from typing import Any

import pytest

from apps.api import flow_publishing
from apps.api.scopes import Scope
from apps.core.mistakes import DefinitionError
from apps.flows.models import Flow, FlowCase
from tests.api.test_sessions import ASKS, DRAWS, person
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.factories import RunFactory
from tests.programs import program

pytestmark = pytest.mark.django_db
BROKEN = [{"id": "start", "kind": "start"}, {"id": "odd", "kind": "no-such-kind"}]


def look(question: str = "") -> Any:
    return program(Scope.FLOWS_PUBLISH).get(f"/api/flows/welcome/publishing{question}")


def test_before_the_first_time_all_that_it_does_is_told() -> None:
    drawn()

    told = look().json()

    assert (told["revision"], told["version"], told["is_same"]) == (1, None, False)
    assert told["changes"][0] == "By hand, or by the API."
    assert (told["problems"], told["failing"], told["inside"], told["n_inside"]) == ([], [], [], 0)
    assert [each["value"] for each in told["choices"]] == ["finish", "move", "leave"]
    assert all(each["title"] and each["help"] for each in told["choices"])


def test_what_changes_is_told_and_who_stands_where() -> None:
    row = drawn()
    version = published(row)
    RunFactory(flow=row, version=version, place="start")
    RunFactory.create_batch(2, flow=row, version=version, place="end")
    assert look().json()["is_same"] is True
    others = [{**node, "id": "finish"} if node["id"] == "end" else node for node in row.draft["nodes"]]
    redrawn(row, nodes=others, edges=[{"from": "start", "to": "finish"}], zone="Europe/Vienna")

    told = look().json()

    assert (told["revision"], told["version"], told["is_same"]) == (2, 1, False)
    assert "New: End (finish)." in told["changes"]
    assert [(each["node"], each["version"], each["n"], each["is_kept"]) for each in told["inside"]] == [
        ("end", 1, 2, False),
        ("start", 1, 1, True),
    ]
    assert (told["n_inside"], told["n_lost"]) == (3, 2)


def test_an_old_version_is_looked_at_before_it_is_published_again() -> None:
    row = drawn()
    published(row)
    redrawn(row, zone="Europe/Vienna")
    RunFactory.create_batch(2, flow=row, version=published(row))

    assert look("?version=1").json()["changes"]
    assert look("?version=2").json()["is_same"] is True
    assert look("?version=3").status_code == 404
    assert look("?version=x").json()["field"] == "version"
    listed = program(Scope.FLOWS_READ).get("/api/flows/welcome/versions").json()["results"]
    assert [(each["number"], each["n_inside"]) for each in listed] == [(2, 2), (1, 0)]


def test_versions_are_listed_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_publishing, "PAGE", 2)
    row = drawn()
    for zone in ("Europe/Vienna", "Europe/Paris", "Europe/Rome"):
        redrawn(row, zone=zone)
        published(row)

    def numbers(question: str) -> list[int]:
        answer = program(Scope.FLOWS_READ).get(f"/api/flows/welcome/versions{question}")
        return [each["number"] for each in answer.json()["results"]]

    assert (numbers(""), numbers("?before=2"), numbers("?before=1")) == ([3, 2], [1], [])
    assert program(Scope.FLOWS_READ).get("/api/flows/welcome/versions?before=x").json()["field"] == "before"


def test_a_note_is_no_book() -> None:
    row, client = drawn(), program(Scope.FLOWS_PUBLISH)

    refused = client.post("/api/flows/welcome/publish", {"note": "x" * 2_001}, format="json")

    assert (refused.status_code, refused.json()["field"]) == (422, "note")
    with pytest.raises(DefinitionError, match="note: A note has at most 2,000 characters"):
        published(row, note="x" * 2_001)
    assert client.post("/api/flows/welcome/publish", {"note": "x" * 2_000}, format="json").status_code == 201


def test_mistakes_and_cases_that_fail_are_told() -> None:
    row = drawn()
    case = FlowCase.objects.create(flow=row, name="Gets there", expected={"path": ["start.elsewhere"]})

    [failing] = look().json()["failing"]
    assert (failing["id"], failing["name"]) == (str(case.pk), "Gets there")
    assert failing["failures"]

    redrawn(row, nodes=BROKEN)
    told = look().json()
    assert [each["node"] for each in told["problems"]][:1] == ["odd"]
    assert told["failing"] == []


def test_conditions_are_told_as_somebody_may_read_them() -> None:
    Flow.objects.filter(pk=drawn().pk).update(draft={**ASKS, "entry": {"key": "anna@example.com"}})
    permissions = ("flows.view_flow", "flows.publish_flow")

    masked = person(*permissions).get("/api/flows/welcome/publishing")
    assert masked.status_code == 200
    assert "anna@example.com" not in masked.content.decode()
    told = person(*permissions, "profiles.view_pii", name="sees").get("/api/flows/welcome/publishing")
    assert "anna@example.com" in told.content.decode()
    assert person(*DRAWS, name="draws").get("/api/flows/welcome/publishing").status_code == 403
