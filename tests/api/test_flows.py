"""What programs do with flows: make, check, change, publish, switch, take along; and with who is in them."""

from datetime import timedelta
from typing import Any

import pytest

from apps.api.scopes import Scope
from apps.core import tasks
from apps.core.models import AuditEntry, Task
from apps.flows.changing import portable, publishing, removal
from apps.flows.models import Flow, NodeCount, Run
from apps.segments.models import Segment
from tests.factories import NOON, ProfileFactory, SegmentFactory
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.factories import RunFactory
from tests.programs import program

pytestmark = pytest.mark.django_db
FLOWS = (Scope.FLOWS_READ, Scope.FLOWS_WRITE, Scope.FLOWS_PUBLISH, Scope.FLOWS_START)
BROKEN = {"nodes": [{"id": "start", "kind": "no-such-kind"}, {"id": "x y", "kind": "end"}]}


def ask(method: str, what: str, body: Any = None, *scopes: Scope) -> Any:
    client = program(*(scopes or (*FLOWS, Scope.RUNS_READ, Scope.RUNS_WRITE)))
    return getattr(client, method)(f"/api/{what}", body, format="json")


def test_a_flow_is_made_with_a_draft_and_shown() -> None:
    made = ask("post", "flows", {"key": "welcome", "name": "Welcome"})

    assert made.status_code == 201
    row = Flow.objects.get()
    assert (row.draft, row.state, row.draft_revision) == (publishing.FIRST_DRAFT, "off", 1)
    assert ask("get", "flows/welcome").json()["draft"] == publishing.FIRST_DRAFT
    [listed] = ask("get", "flows").json()["results"]
    assert (listed["key"], listed["version"]) == ("welcome", None)
    assert "draft" not in listed
    assert AuditEntry.objects.get(action="added").actor.startswith("key:")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Welcome"}, "key"),
        ({"key": "no key", "name": "Welcome"}, "key"),
        ({"key": "welcome", "name": "Welcome", "drafft": {}}, "drafft"),
        ({"key": "welcome", "name": "Welcome", "priority": "high"}, "priority"),
    ],
)
def test_what_cannot_be_made_is_told_by_its_field(body: dict[str, Any], field: str) -> None:
    answer = ask("post", "flows", body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not Flow.objects.exists()


def test_all_mistakes_are_told_at_once_with_their_places() -> None:
    checked = ask("post", "flows/check", {"definition": BROKEN}).json()["problems"]
    refused = ask("post", "flows", {"key": "welcome", "name": "Welcome", "draft": BROKEN})

    assert {(each["node"], each["field"]) for each in checked} >= {("start", "kind"), ("", "nodes.1.id")}
    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["errors"]} >= {"start.kind", "nodes.1.id"}
    assert not Flow.objects.exists()

    kept = ask("post", "flows", {"key": "welcome", "name": "Welcome", "draft": BROKEN, "is_unfinished": True})
    assert kept.status_code == 201


def test_a_change_names_what_it_was_made_from() -> None:
    row = drawn()
    redrawn(row, zone="Europe/Vienna")

    late = ask("patch", "flows/welcome", {"revision": 1, "draft": publishing.FIRST_DRAFT})
    assert (late.status_code, late.json()["code"]) == (409, "changed")

    changed = ask("patch", "flows/welcome", {"revision": 2, "name": "Hello", "priority": 5})
    assert (changed.json()["name"], changed.json()["draft_revision"]) == ("Hello", 2)
    assert AuditEntry.objects.get(action="changed").details["fields"] == ["name", "priority"]


def test_a_flow_that_goes_while_it_is_asked_for_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    row = drawn()
    monkeypatch.setattr("apps.api.flow_verbs.flow_of", lambda key: Flow(pk=row.pk, key=key))
    Flow.objects.all().delete()

    answer = ask("post", "flows/welcome/publish", {})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_flow_is_published_switched_and_rolled_back() -> None:
    row = drawn()

    assert ask("post", "flows/welcome/on").json()["code"] == "not_now"
    first = ask("post", "flows/welcome/publish", {"note": "The first.", "revision": 1})
    assert (first.status_code, first.json()["number"]) == (201, 1)
    assert ask("post", "flows/welcome/publish").json()["code"] == "not_now"
    assert ask("post", "flows/welcome/on").json()["state"] == "on"
    assert ask("post", "flows/welcome/pause").json()["state"] == "paused"
    assert ask("post", "flows/welcome/on").status_code == 409
    assert ask("post", "flows/welcome/resume", {"policy": "now"}).json()["is_resuming"]
    for task in Task.objects.all():
        tasks.run(task.pk, secs=5)
    assert ask("get", "flows/welcome").json()["state"] == "on"
    assert ask("post", "flows/welcome/off").json()["state"] == "off"

    redrawn(row, zone="Europe/Vienna")
    ask("post", "flows/welcome/publish", {"people": "move"})
    back = ask("post", "flows/welcome/roll-back", {"version": 1})
    assert back.json()["number"] == 3
    assert ask("post", "flows/welcome/roll-back", {"version": 9}).status_code == 404
    numbers = [each["number"] for each in ask("get", "flows/welcome/versions").json()["results"]]
    assert numbers == [3, 2, 1]


def test_a_flow_goes_to_another_installation() -> None:
    drawn(description="For those who are new.")
    sent = ask("get", "flows/welcome/export").json()
    again = ask("post", "flows/import", {"flow": sent})
    assert (again.status_code, again.json()["field"]) == (422, "key")

    Flow.objects.all().delete()
    made = ask("post", "flows/import", {"flow": sent})
    assert (made.status_code, made.json()["description"]) == (201, "For those who are new.")
    assert ask("post", "flows/import", {"flow": {"format": "else"}}).json()["field"] == "format"
    changed = ask("post", "flows/import", {"flow": {**sent, "name": "Hello"}, "replaces_draft": True})
    assert changed.json()["name"] == "Hello"
    assert sent["format"] == portable.FORMAT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("catch_up_per_minute", value) for value in ([], {}, "1", True, 1.5)),
        ("max_failure_percent", []),
        ("priority", {}),
        *((name, "a\x00b") for name in ("key", "name", "description")),
        ("description", None),
        ("kind", 7),
    ],
)
def test_a_file_that_says_something_of_another_kind_is_refused_by_its_field(field: str, value: object) -> None:
    drawn()
    sent = ask("get", "flows/welcome/export").json()
    Flow.objects.all().delete()

    told = ask("post", "flows/import", {"flow": {**sent, field: value}})

    assert (told.status_code, told.json()["field"]) == (422, field)
    assert not Flow.objects.exists()


def test_a_flow_is_deleted_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "SETTLES", timedelta(0))
    RunFactory(flow=(row := drawn()), version=published(row))

    assert ask("delete", "flows/welcome").status_code == 202
    assert ask("delete", "flows/welcome").status_code == 409
    tasks.run(Task.objects.get().pk, secs=5)
    assert ask("get", "flows/welcome").status_code == 404
    assert not Run.objects.exists()


def test_figures_are_those_of_the_rows() -> None:
    row = drawn()
    version = published(row)
    RunFactory(flow=row, version=version, state={"tokens": [{"id": 1, "node": "start"}]})
    RunFactory(flow=row, version=version, status=Run.Status.FAILED, place="end", due_at=None)
    NodeCount.objects.create(version=version, node="start", port="", n=2)

    told = ask("get", "flows/welcome/figures").json()

    assert told["n_inside"] == 1
    assert [(each["node"], each["entered"], each["waiting"], each["failed"]) for each in told["nodes"]] == [
        ("start", 2, 1, 0),
        ("end", 0, 0, 1),
    ]
    reached = {"entered": 2, "reached_during": 0, "reached_after": 0, "reached_percent": 0}
    assert told["versions"] == [{"version": 1, **reached}]
    assert told["splits"] == []


def test_runs_are_listed_filtered_and_shown() -> None:
    anna, row = ProfileFactory(), drawn()
    version = published(row)
    state = {"path": [["start", "out", 0]], "memory": {"seen": 1}}
    run = RunFactory(flow=row, version=version, profile_id=anna.pk, place="start", due_at=NOON, state=state)
    RunFactory(flow=row, version=version, status=Run.Status.FINISHED, due_at=None)

    def found(query: str) -> list[str]:
        return [each["id"] for each in ask("get", f"runs?{query}").json()["results"]]

    assert len(found("flow=welcome")) == 2
    assert found(f"profile_id={anna.pk}") == found("status=live") == found("node=start") == [str(run.pk)]
    assert found("due_before=2026-11-23T13:00:00Z") == [str(run.pk)]
    assert found("flow=other") == []
    assert ask("get", "runs?flwo=welcome").status_code == 422
    shown = ask("get", f"runs/{run.pk}", None, Scope.RUNS_READ, Scope.PROFILES_READ).json()
    assert (shown["status"], shown["path"], shown["memory"]) == ("live", [["start", "out", 0]], {"seen": 1})
    assert ask("get", f"runs/{anna.pk}").status_code == 404


def test_a_run_is_ended_once_and_it_is_on_record() -> None:
    row = drawn()
    run = RunFactory(flow=row, version=published(row))

    ended = ask("post", f"runs/{run.pk}/cancel")
    again = ask("post", f"runs/{run.pk}/cancel")

    assert (ended.json()["status"], ended.json()["reason"]) == ("removed", "Removed by CRM.")
    assert (again.status_code, again.json()["code"]) == (409, "not_now")
    assert AuditEntry.objects.filter(action="ended", object_id=str(run.pk)).exists()


@pytest.mark.parametrize(
    ("method", "what", "scope"),
    [
        ("get", "flows", Scope.FLOWS_READ),
        ("post", "flows", Scope.FLOWS_WRITE),
        ("post", "flows/check", Scope.FLOWS_READ),
        ("post", "flows/import", Scope.FLOWS_WRITE),
        ("patch", "flows/welcome", Scope.FLOWS_WRITE),
        ("delete", "flows/welcome", Scope.FLOWS_WRITE),
        ("post", "flows/welcome/publish", Scope.FLOWS_PUBLISH),
        ("post", "flows/welcome/roll-back", Scope.FLOWS_PUBLISH),
        ("post", "flows/welcome/on", Scope.FLOWS_PUBLISH),
        ("post", "flows/welcome/off", Scope.FLOWS_PUBLISH),
        ("post", "flows/welcome/pause", Scope.FLOWS_PUBLISH),
        ("post", "flows/welcome/resume", Scope.FLOWS_PUBLISH),
        ("post", "flows/welcome/start", Scope.FLOWS_START),
        ("get", "runs", Scope.RUNS_READ),
    ],
)
def test_each_needs_its_scope(method: str, what: str, scope: Scope) -> None:
    drawn()
    others = [each for each in Scope if each is not scope]

    assert ask(method, what, {}, *others).status_code == 403
    assert ask(method, what, {}, scope).status_code != 403


def test_a_flow_over_everybody_is_made_checked_and_gone_through_at_once() -> None:
    bare = ask("post", "flows", {"key": "regulars", "name": "Regulars", "kind": "segmentation"})
    assert (bare.status_code, bare.json()["field"]) == (422, "enter.settings.segment")
    SegmentFactory(key="regulars", kind=Segment.Kind.FLOW)
    made = ask("post", "flows", {"key": "regulars", "name": "Regulars", "kind": "segmentation"}).json()
    assert (made["kind"], made["passed_at"], made["next_pass_at"]) == ("segmentation", None, None)
    check = {"definition": made["draft"], "kind": "segmentation"}
    assert ask("post", "flows/check", check).json()["problems"] == []
    again = {**made["draft"], "every_secs": 7_200}
    assert ask("post", "flows/check", {**check, "definition": again}).json()["problems"] == []
    [problem] = ask("post", "flows/check", {"definition": again}).json()["problems"]
    assert problem["field"] == "every_secs"
    ask("post", "flows/regulars/publish", {})
    assert ask("post", "flows/regulars/pass-now").json()["code"] == "not_now"
    ask("post", "flows/regulars/on")

    begun = ask("post", "flows/regulars/pass-now")

    assert (begun.status_code, begun.json()) == (202, {"task_id": str(Task.objects.get().pk)})
    tasks.run(Task.objects.get().pk, secs=60)
    shown = ask("get", "flows/regulars").json()
    assert shown["passed_at"] < shown["next_pass_at"]
    assert ask("post", "flows/regulars/pass-now", None, Scope.FLOWS_READ).status_code == 403
