"""Flows from the command line: each action does what the admin does, and says what came of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core import tasks
from apps.core.models import AuditEntry, Task
from apps.flows.changing import portable, publishing
from apps.flows.changing.publishing import People
from apps.flows.models import Flow, NodeCount, Run
from apps.segments.models import Segment
from tests.factories import NOON, ProfileFactory, SegmentFactory
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.factories import RunFactory

pytestmark = pytest.mark.django_db
BROKEN = {"nodes": [{"id": "x y", "kind": "end"}]}


@pytest.fixture
def flow(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command, and return what it printed, line by line."""

    def run(*args: str) -> list[str]:
        call_command("flow", *args)
        return capsys.readouterr().out.splitlines()

    return run


def test_flows_are_listed_and_shown_with_their_figures(flow: Any) -> None:
    row = drawn()
    version = published(row)
    RunFactory(flow=row, version=version, state={"tokens": [{"id": 1, "node": "start"}]})
    NodeCount.objects.create(version=version, node="start", port="", n=1)

    [line] = flow("list")
    assert {"key": "welcome", "version": 1, "inside": 1, "state": "off"}.items() <= json.loads(line).items()
    assert flow("show", "welcome") == [
        "Welcome (welcome): off, version 1",
        "By hand, or by the API.",
        "Each person enters every time.",
        "Start (start): 1 came, 1 there, left: none, 0 failed",
        "End (end): 0 came, 0 there, left: none, 0 failed",
    ]


def test_an_unknown_flow_is_told_with_the_nearest(flow: Any) -> None:
    drawn()

    with pytest.raises(CommandError, match=r"There is no flow welcom\. Did you mean welcome\?"):
        flow("show", "welcom")


def test_a_check_tells_all_mistakes_and_fails(flow: Any, tmp_path: Path) -> None:
    row = drawn()
    assert flow("check", "welcome") == ["No mistakes."]
    redrawn(row, **BROKEN, edges=[{"from": "a"}])
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(portable.export(row, row.draft)))

    for args in (["welcome"], ["--file", str(file)]):
        with pytest.raises(CommandError) as error:
            flow("check", *args)
        assert "nodes.0.id" in str(error.value)
        assert "edges.0.to" in str(error.value)
    with pytest.raises(CommandError, match="Either the KEY"):
        flow("check")


def test_a_flow_is_published_after_a_look(flow: Any) -> None:
    row = drawn()
    first = published(row)
    RunFactory(flow=row, version=first, place="start")
    redrawn(row, zone="Europe/Vienna")

    look = flow("publish", "welcome", "--dry-run")
    row.refresh_from_db()
    assert look == [
        *("zone: nothing became “Europe/Vienna”.", "1 at Start (start) of version 1"),
        "It can be published. Nothing was: this was a look.",
    ]
    assert row.version == first

    assert flow("publish", "welcome", "--people", "move", "--note", "Vienna.")[-1] == (
        "Version 2 is published. The flow is off."
    )
    first.refresh_from_db()
    row.refresh_from_db()
    assert first.successor == row.version
    with pytest.raises(CommandError, match="version 2 says"):
        flow("publish", "welcome")
    assert flow("publish", "welcome", "--dry-run")[-1] == "Nothing would change."


def test_a_flow_is_switched(flow: Any) -> None:
    row = drawn()
    with pytest.raises(CommandError, match="never published"):
        flow("on", "welcome")
    published(row)

    assert flow("on", "welcome") == ["welcome is on."]
    assert flow("pause", "welcome") == ["welcome is paused."]
    with pytest.raises(CommandError, match="paused"):
        flow("off", "welcome")
    said = flow("resume", "welcome", "--policy", "now")
    assert said == ["welcome goes on as soon as everybody inside was seen to."]
    assert AuditEntry.objects.filter(action="resumed", actor="command").exists()


def test_a_flow_goes_out_and_comes_back(flow: Any, tmp_path: Path) -> None:
    drawn()
    file = tmp_path / "flow.json"
    file.write_text("\n".join(flow("export", "welcome")))
    with pytest.raises(CommandError, match="There is a flow welcome already: --replace"):
        flow("import", str(file))
    Flow.objects.all().delete()

    assert flow("import", str(file)) == ["welcome is here, as a draft."]
    assert Flow.objects.get().draft == publishing.FIRST_DRAFT
    file.write_text("{")
    with pytest.raises(CommandError, match=r"flow\.json: This is no JSON\. Line 1, column \d: it ends before"):
        flow("import", str(file), "--replace")
    for text, told in (
        ("{}", "^nodes"),
        ('{"format": "flow-9"}', "^format"),
        ('{"format": "cdp-flow-1"}', "^defin"),
    ):
        file.write_text(text)
        with pytest.raises(CommandError, match=told):
            flow("check", "--file", str(file))


def test_who_waits_is_printed_and_taken_out(flow: Any) -> None:
    row = drawn()
    version = published(row, People.FINISH)
    late = RunFactory(flow=row, version=version, place="start", due_at=NOON.replace(day=25))
    soon = RunFactory(flow=row, version=version, place="start", due_at=NOON.replace(day=24))
    RunFactory(flow=row, version=version, place="end", due_at=NOON)

    lines = [json.loads(line) for line in flow("pending", "welcome", "--node", "start")]
    assert [line["run"] for line in lines] == [str(soon.pk), str(late.pk)]
    assert lines[0]["due_at"] == "2026-11-24T12:00:00+00:00"

    assert flow("pending", "--run", str(soon.pk), "--do", "cancel")[-1] == "1 of 1: cancel."
    soon.refresh_from_db()
    assert (soon.status, soon.reason) == (Run.Status.REMOVED, "Removed by A command.")
    assert json.loads("".join(flow("run", str(soon.pk))))["status"] == "removed"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("run x", "x is no id of a run"),
        ("run 01990000-0000-7000-8000-000000000000", "There is no run"),
        ("pending welcome --node nowhere", "--node: welcome has no node nowhere. It has end, start"),
        ("pending --limit 0", "--limit: 0 is to be a whole number, 1 or more"),
        ("pending --do cancel", "--do: name a flow"),
        ("start welcome --person anna", "anna is no id of a person .--person.: their page has it"),
    ],
)
def test_what_makes_no_sense_is_said_by_the_name_of_the_field(flow: Any, words: str, told: str) -> None:
    published(drawn())

    with pytest.raises(CommandError, match=told):
        flow(*words.split())


def test_more_than_are_printed_and_a_run_about_nobody_are_told(flow: Any, capsys: pytest.CaptureFixture[str]) -> None:
    row = drawn()
    version = published(row)
    call_command("flow", "pending")
    assert capsys.readouterr().err == "There are none.\n"
    for _ in range(2):
        RunFactory(flow=row, version=version, due_at=NOON)

    call_command("flow", "pending", "--limit", "1")
    assert capsys.readouterr().err == "There are more than these 1: --limit.\n"
    flow("on", "welcome")
    [begun] = flow("start", "welcome")
    assert begun.endswith("has begun, about nobody.")


def test_what_was_given_up_is_printed_and_revived(flow: Any) -> None:
    row = drawn()
    version = published(row, People.FINISH)
    dead = RunFactory(flow=row, version=version, due_at=None, dead_at=NOON, error="It could not go on (KeyError).")
    RunFactory(flow=row, version=version, due_at=NOON)

    [line, done] = flow("pending", "welcome", "--given-up", "--do", "revive")

    assert (json.loads(line)["run"], json.loads(line)["error"]) == (str(dead.pk), dead.error)
    assert done == "1 of 1: revive."
    dead.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)
    assert dead.due_at
    assert flow("pending", "--given-up") == []


def test_everybody_goes_through_a_flow_at_once(flow: Any) -> None:
    SegmentFactory(key="regulars", kind=Segment.Kind.FLOW)
    row = drawn(kind=Flow.Kind.SEGMENTATION, draft=publishing.first_draft(Flow.Kind.SEGMENTATION))
    published(row)
    flow("on", "welcome")
    ProfileFactory(visit_count=5)
    assert flow("show", "welcome")[1:] == [
        "Everybody goes through it, again every hour; nobody stays in it.",
        "Nobody has gone through it yet.",
    ]

    [said] = flow("pass-now", "welcome")

    task = Task.objects.get()
    assert said == f"Everybody goes through it, page by page: task {task.pk}."
    tasks.run(task.pk, secs=60)
    last, *nodes = flow("show", "welcome")[2:]
    assert last.endswith("and is done: 1 people, 1 entered, 0 left")
    assert nodes[1:4] == [
        "Condition (asks): 1 came, left: 1 by true",
        "Enter segment (enter): 1 came, left: 1 by out",
        "Leave segment (leave): 0 came, left: none",
    ]
