"""What programs do with mappings that come later: try, start, look, pause, cancel, undo."""

from typing import Any

import pytest

from apps.api.scopes import Scope
from apps.core.models import AuditEntry, Task
from tests.events.backfill.acting import carry_on, happened, plan_type, traits_of
from tests.factories import ProfileFactory
from tests.programs import program

pytestmark = pytest.mark.django_db
COPY = {"kind": "profiles", "type": "plan-chosen"}


@pytest.fixture(autouse=True)
def plan_is_set() -> None:
    rules = {"traits.plan": {"equals": "properties.plan"}, "data.pii.birthday": {"equals": "properties.birthday"}}
    plan_type(profile=rules, traits={"data.plan": "plan"})


def ask(what: str, body: dict[str, Any] | None = None, *more: Scope) -> Any:
    client = program(Scope.BACKFILLS_WRITE, Scope.BACKFILLS_READ, *more)
    return client.post(f"/api/backfills{what}", body or {}, format="json")


def test_a_back_fill_is_started_and_looked_at() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "pro"})

    answer = ask("", {**COPY, "fields": ["traits.plan"], "mode": "only_empty", "rate": 500})
    task = Task.objects.get()
    carry_on(task)
    found = program(Scope.BACKFILLS_READ).get(f"/api/backfills/{task.pk}").json()

    assert answer.status_code == 202
    assert answer.json()["id"] == str(task.pk)
    assert (task.max_rate, task.params["mode"], task.requested_by) == (500, "only_empty", "CRM")
    assert (found["kind"], found["state"], found["progress"], found["total"]) == ("profiles", "done", 1, 1)
    assert traits_of(anna) == {"plan": "pro"}
    assert AuditEntry.objects.get(action="backfilled").actor.startswith("key:")


def test_a_dry_run_tells_counts_and_what_people_hold_only_to_who_may_read_them() -> None:
    anna = ProfileFactory(traits={"plan": "older"})
    event = happened(anna, {"plan": "pro", "birthday": "anna's"})

    blind = ask("/preview", COPY).json()
    seeing = ask("/preview", COPY, Scope.PROFILES_READ).json()

    assert (blind["n_events"], blind["n_people"], blind["n_changed"], blind["samples"]) == (1, 1, 1, [])
    assert blind["conflicts"] == [
        {
            "path": "data.pii.birthday",
            "reason": "Expected a date such as 2024-05-31, not a text.",
            "count": 1,
            "event_ids": [str(event.pk)],
        }
    ]
    assert seeing["samples"] == [
        {"id": str(anna.pk), "before": {"traits.plan": "older"}, "after": {"traits.plan": "pro"}}
    ]
    assert not Task.objects.exists()


def test_a_back_fill_is_paused_goes_on_is_cancelled_and_undone() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "pro"})
    task = ask("", COPY).json()["id"]

    assert ask(f"/{task}/pause").json()["state"] == "paused"
    assert ask(f"/{task}/resume").json()["state"] == "waiting"
    assert ask(f"/{task}/undo").status_code == 422
    carry_on(Task.objects.get())
    undo = ask(f"/{task}/undo").json()
    assert undo["kind"] == "undo"
    assert ask(f"/{undo['id']}/cancel").json()["state"] == "cancelled"
    refused = ask(f"/{undo['id']}/pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_now")


@pytest.mark.parametrize("what", ["", "/preview"])
def test_a_misspelt_key_is_refused_in_place_of_working_on_everything(what: str) -> None:
    refused = ask(what, {**COPY, "conditon": "x", "colour": "red"}, Scope.PROFILES_READ)

    assert refused.status_code == 422
    assert [(each["field"], each["message"]) for each in refused.json()["errors"]] == [
        ("conditon", "There is no such field. Did you mean condition?"),
        (
            "colour",
            "There is no such field. There are kind, type, since, until, source_id, condition, fields, mode, rate.",
        ),
    ]
    assert not Task.objects.exists()


def test_a_second_one_over_the_same_fields_is_told_of_the_first() -> None:
    first = ask("", COPY).json()["id"]

    refused = ask("", COPY)

    assert (refused.status_code, refused.json()["code"]) == (409, "under_way")
    assert first in refused.json()["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "people", "type": "plan-chosen"}, "kind"),
        ({"kind": "traits"}, "type"),
        ({**COPY, "type": "unheard-of"}, "type"),
        ({**COPY, "fields": ["traits.other"]}, "fields"),
        ({**COPY, "mode": "all"}, "mode"),
        ({**COPY, "rate": 0}, "rate"),
        ({**COPY, "since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({**COPY, "since": "yesterday"}, "since"),
        ({"kind": "traits", "type": "plan-chosen", "fields": ["traits.plan"]}, "fields"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(body: dict[str, Any], field: str) -> None:
    answer = ask("", body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not Task.objects.exists()


def test_a_condition_asks_for_the_right_to_read_people() -> None:
    body = {**COPY, "condition": 'event@properties.plan = "pro"'}

    assert ask("", body).status_code == 403
    assert ask("", body, Scope.PROFILES_READ).status_code == 202
    wrong = ask("", {**COPY, "condition": "event@"}, Scope.PROFILES_READ)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "condition")


def test_keys_without_the_scope_and_tasks_of_others_are_refused() -> None:
    other = Task.objects.create(kind="computed-traits", created_at="2026-01-01T00:00Z", advanced_at="2026-01-01T00:00Z")

    assert program(Scope.BACKFILLS_READ).post("/api/backfills", COPY, format="json").status_code == 403
    assert program(Scope.PROFILES_READ).get(f"/api/backfills/{other.pk}").status_code == 403
    assert ask(f"/{other.pk}/cancel").status_code == 404
