"""What programs try out of flows, and the cases that they keep."""

from typing import Any
from uuid import uuid4

import pytest

from apps.api.scopes import Scope
from apps.flows.models import FlowCase
from apps.flows.trying import cases
from tests.factories import ProfileFactory
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.trying.test_cases import BIG, WAY, draft
from tests.programs import program

pytestmark = pytest.mark.django_db
FLOWS = (Scope.FLOWS_READ, Scope.FLOWS_WRITE, Scope.FLOWS_PUBLISH)


def ask(method: str, what: str, body: Any = None, *scopes: Scope) -> Any:
    client = program(*(scopes or (*FLOWS, Scope.PROFILES_READ)))
    return getattr(client, method)(f"/api/flows/{what}", body, format="json")


@pytest.fixture(autouse=True)
def flow() -> Any:
    return drawn(draft=draft())


def test_a_draft_a_version_and_a_definition_are_tried(flow: Any) -> None:
    published(flow)
    redrawn(flow, **draft("event@properties.total > 500"))
    only_end = {"nodes": [{"id": "start", "kind": "start"}], "edges": []}

    by_draft = ask("post", "welcome/try", BIG)
    by_version = ask("post", "welcome/try", {**BIG, "version": 1}).json()
    by_definition = ask("post", "welcome/try", {**BIG, "definition": only_end}).json()

    assert by_draft.status_code == 200
    assert (by_draft.json()["path"][1], by_draft.json()["version"]) == ("asks.false", None)
    assert (by_version["path"][1], by_version["version"]) == ("asks.true", 1)
    assert by_version["steps"][1]["conditions"] == {"condition": True}
    assert by_version["steps"][0]["wait"] is None
    assert by_definition["path"] == ["start.out"]
    assert ask("post", "welcome/try", {"version": 9}).status_code == 404
    assert ask("post", "welcome/try", {"version": 1, "definition": {}}).json()["field"] == "version"
    assert ask("post", "welcome/try", {"definition": {"nodes": []}}).status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"profil": {}}, "profil"),
        ({"event": {"properties": {}}}, "event.type"),
        ({"answers": [{"node": "asks", "delivery": {"outcome": "lost"}}]}, "answers.0.delivery.outcome"),
        ({"profile": {"data": 7}}, "profile.data"),
        ({"pins": [{"node": "nowhere"}]}, "pins.0.node"),
        ({"now": "2026-11-30T12:00"}, "now"),
        ({"now": "9999-12-31T23:59:59Z"}, "now"),
        ({"now": "0001-01-01T00:00:00+14:00"}, "now"),
        ({"event": {"type": "x", "time": "9999-12-31T00:00:00Z"}}, "event.time"),
        ({"answers": [{"node": "asks", "at": "2200-01-01T00:00:00Z", "is_skipped": True}]}, "answers.0.at"),
    ],
)
def test_what_cannot_be_tried_is_told_by_its_field(body: dict[str, Any], field: str) -> None:
    answer = ask("post", "welcome/try", body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_numbers_and_ids_are_read_as_the_shapes_say() -> None:
    answers = [{"node": "asks", "visit": "1", "after_secs": "60", "event": {"type": "x", "time": "2026-11-30T12:00Z"}}]

    told = ask("post", "welcome/try", {**BIG, "answers": answers, "now": "2026-11-30T12:00+01:00"})

    assert (told.status_code, told.json()["unused_answers"]) == (200, [0])
    assert ask("post", "welcome/try", {"profile_id": 7}).status_code == 422


@pytest.mark.parametrize("path", [["end"] * 301, ["x" * 121]])
def test_a_case_expects_no_longer_way_than_a_trial_can_go(path: list[str]) -> None:
    answer = ask("post", "welcome/cases", {"name": "Long", "trial": BIG, "expected": {"path": path}})

    assert answer.status_code == 422
    assert answer.json()["field"].startswith("expected.path")


def test_who_may_not_see_people_tries_on_somebody_who_is_made_up() -> None:
    anna = ProfileFactory()
    said = {"profile_id": str(anna.pk)}
    case = {"name": "Anna", "trial": said}

    assert ask("post", "welcome/try", BIG, *FLOWS).status_code == 200
    assert ask("post", "welcome/try", said, *FLOWS).status_code == 403
    assert ask("post", "welcome/cases", case, *FLOWS).status_code == 403
    assert ask("post", "welcome/try", BIG, Scope.FLOWS_READ, Scope.PROFILES_READ).status_code == 403
    assert ask("post", "welcome/try", said).json()["profile_id"] == str(anna.pk)
    assert ask("post", "welcome/cases", case).status_code == 201
    [hidden] = ask("get", "welcome/cases", None, *FLOWS).json()["results"]
    [shown] = ask("get", "welcome/cases").json()["results"]
    assert hidden["trial"] is None
    assert shown["trial"]["profile_id"] == str(anna.pk)
    assert ask("patch", f"welcome/cases/{shown['id']}", {"expected": {}}, *FLOWS).status_code == 403
    assert ask("post", "welcome/test", {}, *FLOWS).json()["results"] == []
    assert len(ask("post", "welcome/test", {}).json()["results"]) == 1


def test_cases_are_kept_changed_tested_and_deleted(flow: Any) -> None:
    made = ask("post", "welcome/cases", {"name": "A big one", "trial": BIG, "expected": WAY})
    assert (made.status_code, made.json()["expected"]) == (201, WAY)
    one = f"welcome/cases/{made.json()['id']}"

    assert ask("post", "welcome/test", {}).json()["n_failed"] == 0
    sent = ask("post", "welcome/test", {"definition": draft("event@properties.total > 500")}).json()
    assert (sent["n_failed"], sent["results"][0]["path"][1]) == (1, "asks.false")
    assert ask("patch", one, {"expected": {"end": "failed"}}).json()["expected"] == {"end": "failed"}
    told = ask("post", "welcome/test", {"case_ids": [made.json()["id"]]}).json()["results"]
    assert told[0]["failures"] == ["It came to the end finished, and was to come to failed."]
    assert ask("post", "welcome/test", {"case_ids": []}).json()["results"] == []

    refused = ask("post", "welcome/publish", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "cases_fail")
    assert ask("post", "welcome/publish", {"ignores_cases": True}).status_code == 201

    assert ask("patch", f"welcome/cases/{uuid4()}", {}).status_code == 404
    assert ask("delete", one).status_code == 204
    assert not FlowCase.objects.exists()


def test_publishing_tells_a_key_that_may_not_see_people_nothing_of_them(flow: Any) -> None:
    anna = ProfileFactory()
    case = {"name": "Anna", "trial": {"profile_id": str(anna.pk)}, "expected": WAY}
    assert ask("post", "welcome/cases", case).status_code == 201
    publishes = (Scope.FLOWS_READ, Scope.FLOWS_PUBLISH)

    hidden = ask("get", "welcome/publishing", None, *publishes).json()["failing"]
    refused = ask("post", "welcome/publish", {}, *publishes)
    shown = ask("get", "welcome/publishing", None, *publishes, Scope.PROFILES_READ).json()["failing"]

    assert [each["failures"] for each in hidden] == [[cases.OF_SOMEBODY]]
    assert (refused.status_code, refused.json()["message"]) == (409, f"Anna: {cases.OF_SOMEBODY}")
    assert "asks.false" in shown[0]["failures"][0]
