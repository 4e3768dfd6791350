"""What programs, and the editor, ask of simulations."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.api.scopes import Scope
from apps.core import tasks
from apps.flows.changing import removal
from apps.flows.models import Flow, Simulation
from tests.factories import EventFactory, ProfileFactory
from tests.flows.simulating.test_stories import flow
from tests.programs import program

pytestmark = pytest.mark.django_db
ADDRESS = "/api/flows/welcome/simulations"
EVERYTHING = (Scope.FLOWS_READ, Scope.FLOWS_WRITE, Scope.PROFILES_READ)


def ask(method: str, address: str, body: Any = None, *, scopes: tuple[Scope, ...] = EVERYTHING) -> Any:
    return getattr(program(*scopes), method)(address, body, format="json")


@pytest.fixture(autouse=True)
def anna() -> Any:
    flow(edges=["start end"])
    person = ProfileFactory(name="Anna Huber")
    EventFactory(type="bought", time=timezone.now(), profile_id=person.pk, original_profile_id=person.pk)
    return person


def finished(**body: Any) -> str:
    """Have a simulation made and done, and return its address."""
    made = ask("post", ADDRESS, {"days": 7, **body})
    assert (made.status_code, made.json()["status"]) == (202, "waiting"), made.json()
    found = Simulation.objects.get(pk=made.json()["id"])
    assert not tasks.run(found.task_id, secs=60)
    return f"{ADDRESS}/{found.pk}"


def test_the_draft_is_simulated_and_told_with_samples(anna: Any) -> None:
    found = ask("get", finished()).json()

    assert (found["status"], found["progress"], found["total"], found["draft_revision"]) == ("done", 1, 1, 0)
    assert (found["n_entered"], found["edges"]) == (1, {"start.out -> end": 1})
    [sample] = found["samples"]["start.out -> end"]
    assert (sample["profile_id"], sample["who"]) == (str(anna.pk), "Anna Huber")


def test_whoever_may_not_see_people_gets_the_counts_alone(anna: Any) -> None:
    address = finished()

    answer = ask("get", address, scopes=(Scope.FLOWS_READ,))

    assert answer.json()["n_entered"] == 1
    assert [answer.json()[name] for name in ("samples", "samples_waiting", "samples_failed")] == [None] * 3
    assert str(anna.pk) not in answer.content.decode()


def test_only_whoever_may_see_people_has_something_simulated_over_them() -> None:
    answer = ask("post", ADDRESS, {"days": 7}, scopes=(Scope.FLOWS_READ, Scope.FLOWS_WRITE))

    assert answer.status_code == 403
    assert "profiles:read" in answer.json()["message"]
    assert not Simulation.objects.exists()


def test_a_definition_that_is_nowhere_stored_is_simulated() -> None:
    definition = {
        "triggers": [{"id": "bought", "kind": "event", "event_type": "bought", "condition": "event@properties.n > 5"}],
        "nodes": [{"id": "start", "kind": "start"}],
        "edges": [],
    }

    found = ask("get", finished(definition=definition)).json()

    assert (found["n_entered"], found["draft_revision"], found["edges"]) == (0, None, {})
    assert found["refused"] == [{"why": "condition", "said": "the condition does not hold", "n": 1}]


def test_the_latest_ones_are_listed_and_one_is_stopped() -> None:
    made = ask("post", ADDRESS, {"days": 7}).json()
    address = f"{ADDRESS}/{made['id']}"

    assert [each["id"] for each in ask("get", ADDRESS).json()["results"]] == [made["id"]]
    assert ask("delete", address).json()["status"] == "cancelled"
    assert (ask("delete", address).status_code, ask("delete", address).json()["code"]) == (409, "not_now")
    assert ask("get", f"{ADDRESS}/{uuid4()}").status_code == 404


def test_a_flow_that_is_being_deleted_is_simulated_no_more() -> None:
    removal.start(Flow.objects.get().pk, by="Anna")

    assert ask("post", ADDRESS, {"days": 7}).json()["code"] == "not_now"
    assert not Simulation.objects.exists()


def test_no_more_than_three_of_a_flow_are_under_way_at_once() -> None:
    made = [ask("post", ADDRESS, {"days": 7}) for _ in range(4)]

    assert [each.status_code for each in made] == [202, 202, 202, 409]
    assert made[3].json()["code"] == "not_now"
    ask("delete", f"{ADDRESS}/{made[0].json()['id']}")
    assert ask("post", ADDRESS, {"days": 7}).status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "days"),
        ({"days": 0}, "days"),
        ({"days": 2_000}, "days"),
        ({"days": 7, "sead": 1}, "sead"),
        ({"days": 7, "pins": [{"node": "nowhere"}]}, "pins.0.node"),
    ],
)
def test_what_cannot_be_simulated_is_told_by_its_field(body: dict[str, Any], field: str) -> None:
    answer = ask("post", ADDRESS, body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert ask("post", ADDRESS, {"days": 7, "definition": {"nodes": []}}).status_code == 422
