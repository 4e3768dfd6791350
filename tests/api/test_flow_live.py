"""What an editor draws of a flow while people go through it: figures, who, their ways, and what is done about them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.api import flow_who
from apps.api.scopes import Scope
from apps.core.models import AuditEntry
from apps.flows.changing import switching
from apps.flows.models import Flow, FlowVersion, NodeCount, Run, Step, Wait
from apps.flows.runs import batches, run_counts
from apps.flows.triggers import starting
from tests.factories import ANNA, NOON, ProfileFactory
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.factories import RunFactory
from tests.programs import program

pytestmark = pytest.mark.django_db
READS = (Scope.FLOWS_READ, Scope.RUNS_READ, Scope.RUNS_WRITE)
BRANCHES = [{"port": port, "weight": 1} for port in ("mail", "holdout")]
NODES: list[dict[str, Any]] = [
    {"id": "start", "kind": "start"},
    {"id": "test", "kind": "split", "name": "Mail or not", "settings": {"branches": BRANCHES}},
    {"id": "hour", "kind": "wait", "settings": {"length": "1 hour"}},
    {"id": "end", "kind": "end"},
]
EDGES = [
    {"from": "start", "to": "test"},
    {"from": "test", "port": "mail", "to": "hour"},
    {"from": "test", "port": "holdout", "to": "end"},
    {"from": "hour", "to": "end"},
]
GOALS = [{"id": "bought", "name": "Bought", "event_type": "sale-completed", "within_secs": 3600}]


@pytest.fixture
def version() -> FlowVersion:
    row = drawn()
    redrawn(row, nodes=NODES, edges=EDGES, goals=GOALS, trace_percent=100)
    return published(row)


def ask(path: str, *scopes: Scope, body: dict[str, Any] | None = None, code: int = 200) -> Any:
    client = program(*(scopes or READS))
    url = f"/api/flows/welcome/{path}"
    answer = client.get(url) if body is None else client.post(url, body, format="json")
    assert answer.status_code == code, answer.content
    return answer.json()


def gone(version: FlowVersion, *path: str, n: int = 1, **values: Any) -> list[Run]:
    """Let runs have gone a way, `node.port` each."""
    steps = [[*each.split("."), number * 1000] for number, each in enumerate(path)]
    state = {"path": steps, "steps": len(steps), **values.pop("state", {})}
    made: list[Run] = RunFactory.create_batch(n, version=version, state=state, **values)
    return made


def waits(version: FlowVersion, node: str, **values: Any) -> Run:
    token = {"id": 1, "node": node, "at": NOON.isoformat(), "wait": {"until": NOON.replace(day=24).isoformat()}}
    [run] = gone(version, "start.out", "test.mail", state={"tokens": [token]}, place=node, **values)
    return run


def ended(version: FlowVersion, *path: str, n: int = 1, **values: Any) -> list[Run]:
    over = {"status": Run.Status.FINISHED, "due_at": None, "ended_at": NOON, **values}
    return gone(version, *path, n=n, **over)


def ids(told: Any) -> set[str]:
    return {each["id"] for each in told["results"]}


def by_sql(statement: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return dict(cursor.fetchall())


def test_figures_tell_of_nodes_edges_and_ends(version: FlowVersion) -> None:
    run = waits(version, "hour")
    places = {(version.pk, "start", "out"): 3, (version.pk, "test", ""): 3, (version.pk, "test", "mail"): 2}
    over = [(version.flow_id, version.pk, Run.Status.FINISHED)]
    run_counts.count(over, places, now=timezone.now() - timedelta(minutes=5))
    NodeCount.objects.create(version=version, node="test", port="holdout", n=7)  # of old

    told = ask("live?period=hour")

    assert (told["version"], told["n_inside"], told["n_elsewhere"], told["period"]) == (1, 1, 0, "hour")
    assert told["nodes"]["test"] == {"entered": 3, "waiting": 0, "left": {"mail": 2}, "failed": 0, "median_secs": 1.0}
    assert told["nodes"]["hour"]["waiting"] == 1
    assert told["edges"] == {
        "start.out -> test": 3,
        "test.mail -> hour": 2,
        "test.holdout -> end": 0,
        "hour.out -> end": 0,
    }
    assert told["endings"] == {
        **dict.fromkeys(("goal", "exited", "removed", "failed", "expired", "edited"), 0),
        "finished": 1,
    }
    assert ask("live")["edges"]["test.holdout -> end"] == 7
    assert ask(f"live?until={(run.started_at - timedelta(days=1)).isoformat()[:19]}Z")["nodes"]["test"]["entered"] == 0


def test_counts_are_what_plain_sql_counts_of_the_rows(version: FlowVersion) -> None:
    switching.switch_on(version.flow_id, actor=ANNA, now=NOON)
    row = Flow.objects.get()
    for _ in range(12):
        starting.start_one(row, ProfileFactory().pk, by="anna")
    while batches.go_on(now=timezone.now()):
        pass
    entered = "SELECT node, count(DISTINCT (run_id, visit)) FROM flows_step GROUP BY 1"
    left = "SELECT node || '.' || port, count(*) FROM flows_step WHERE port <> '' GROUP BY 1"
    waiting = "SELECT place, count(*) FROM flows_run WHERE status = 1 GROUP BY 1"

    told = ask("live?period=hour&version=1")

    nodes = told["nodes"].items()
    assert {node: each["entered"] for node, each in nodes if each["entered"]} == by_sql(entered)
    assert {node: each["waiting"] for node, each in nodes if each["waiting"]} == by_sql(waiting)
    assert {edge.partition(" ")[0]: n for edge, n in told["edges"].items() if n} == by_sql(left)
    assert by_sql(entered)["start"] == 12
    assert told["n_inside"] == sum(by_sql(waiting).values())
    assert told["endings"]["finished"] == 12 - told["n_inside"]


def test_goals_and_variants_are_told_with_what_is_known(version: FlowVersion) -> None:
    ended(version, "test.mail", n=40, goal_at=NOON, status=Run.Status.GOAL)
    ended(version, "test.mail", n=60)
    ended(version, "test.holdout", n=10, goal_at=NOON + timedelta(minutes=1))
    ended(version, "test.holdout", n=90)

    told = ask("live?period=day")

    assert told["goals"]["entered"] == 200
    assert (told["goals"]["reached_during"], told["goals"]["reached_after"], told["goals"]["rate"]) == (40, 10, 0.25)
    [goal] = told["goals"]["by_goal"]
    assert (goal["id"], goal["name"], goal["reached"]) == ("bought", "Bought", 50)
    [split] = told["variants"]
    mail, holdout = split["branches"]
    assert (split["node"], split["against"]) == ("test", "holdout")
    assert split["said"] == "More reach the goal by mail than by holdout: hardly by chance."
    assert (mail["entered"], mail["reached"], mail["rate"], mail["verdict"]) == (100, 40, 0.4, "better")
    assert mail["difference"] == pytest.approx(0.3)
    assert mail["difference_interval"] == pytest.approx([0.1833, 0.4073], abs=1e-3)
    assert (holdout["difference"], holdout["verdict"], holdout["said"]) == (None, "", "")
    assert not told["is_partial"]


def test_a_version_without_goals_compares_nothing(version: FlowVersion) -> None:
    redrawn(version.flow, goals=[])
    ended(published(version.flow), "test.mail", n=3)

    told = ask("live")

    assert (told["version"], told["goals"]) == (2, None)
    assert told["variants"][0]["branches"][0]["entered"] == 3
    assert told["variants"][0]["branches"][0]["verdict"] == ""
    assert "no goal" in told["variants"][0]["said"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("period=year", "period"),
        ("period=day&since=2026-01-01T00:00:00Z", "period"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "until"),
        ("since=soon", "since"),
        ("version=0", "version"),
        ("form=2026-01-02T00:00:00Z", "form"),
    ],
)
def test_a_wrong_question_names_its_field(version: FlowVersion, query: str, field: str) -> None:
    assert ask(f"live?{query}", code=422)["field"] == field


def test_times_far_away_are_answered(version: FlowVersion) -> None:
    assert ask("live?since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z")["nodes"]["start"]["entered"] == 0
    assert ask("runs?since=0001-01-02T00:00:00Z&until=9999-12-31T23:59:59Z")["results"] == []


def test_what_is_not_there_is_not_found(version: FlowVersion) -> None:
    ask("live?version=2", code=404)
    ask("runs?version=2", code=404)
    ask(f"runs/{uuid4()}", code=404)
    ask("runs/dance", body={"node": "hour"}, code=404)


def test_who_waits_failed_or_went_by_is_listed(version: FlowVersion) -> None:
    [failed] = ended(version, "start.out", "test.mail", status=Run.Status.FAILED, place="hour")
    [held_out] = ended(version, "start.out", "test.holdout", "end.")
    waiting = waits(version, "hour")
    both = [{"id": 1, "node": "end"}, {"id": 2, "node": "hour", "wait": {"until": None}}]
    [branched] = gone(version, "start.out", state={"tokens": both}, place="end")

    def found(query: str) -> set[str]:
        return ids(ask(f"runs?{query}"))

    def of(*runs: Run) -> set[str]:
        return {str(run.pk) for run in runs}

    assert found("") == of(failed, held_out, waiting, branched)
    assert found("node=hour") == found("node=hour&status=live") == of(waiting, branched)
    assert found("node=hour&status=failed") == of(failed)
    assert found("node=end&status=finished") == of(held_out)
    assert found("node=test&port=mail") == of(failed, waiting)
    assert found("node=test&port=mail&status=live") == of(waiting)
    assert found("node=mail&port=test") == set()
    assert found("status=finished") == of(held_out)
    assert found("version=1&status=live") == of(waiting, branched)
    assert found("status=finished&since=2026-11-23T12:00:01Z") == set()
    assert found(f"until={(timezone.now() - timedelta(days=1)).isoformat()[:19]}Z") == set()
    assert ask("runs?port=mail", code=422)["field"] == "port"
    assert ask("runs?nod=hour", code=422)["field"] == "nod"


def test_paths_are_looked_through_as_far_as_is_said(version: FlowVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.flows.describing.who.N_LOOKED", 2)
    _, *last = ended(version, "test.mail", n=3)

    first = ask("runs?node=test&port=mail&page_size=1")
    second = program(*READS).get(first["next"]).json()

    assert ids(first) | ids(second) == {str(run.pk) for run in last}
    assert second["next"] is None


def test_people_are_named_to_whoever_may_see_them(version: FlowVersion) -> None:
    anna = ProfileFactory(name="Anna Muster")
    run = waits(version, "hour", profile_id=anna.pk)
    waits(version, "hour")
    waits(version, "hour", profile_id=None)

    assert [each["who"] for each in ask("runs?node=hour")["results"]] == [None, None, None]
    seen = ask("runs?node=hour", *READS, Scope.PROFILES_READ)["results"]
    assert [each["who"] for each in seen] == [None, None, "Anna Muster"]
    assert ask(f"runs/{run.pk}", *READS, Scope.PROFILES_READ)["who"] == "Anna Muster"


def test_a_way_is_told_as_it_is_drawn(version: FlowVersion) -> None:
    switching.switch_on(version.flow_id, actor=ANNA, now=NOON)
    starting.start_one(Flow.objects.get(), ProfileFactory().pk, by="anna")
    run = Run.objects.get()
    batches.go_on(now=run.started_at + timedelta(seconds=1))
    run.refresh_from_db()
    branch = run.state["path"][1][1]

    told = ask(f"runs/{run.pk}", *READS, Scope.PROFILES_READ)

    assert [each["edges"] for each in told["path"]][:2] == [
        ["start.out -> test"],
        [f"test.{branch} -> {'hour' if branch == 'mail' else 'end'}"],
    ]
    assert not told["is_cut"]
    assert [each["node"] for each in told["here"]] == (["hour"] if branch == "mail" else [])
    assert [each["node"] for each in told["steps"]][:2] == ["start", "test"]
    assert told["failed_at"] == ""
    assert told["deliveries"] == []


def test_what_nodes_read_is_told_to_whoever_may_see_people(version: FlowVersion) -> None:
    [run] = ended(
        version, "start.out", status=Run.Status.FAILED, place="hour", is_traced=True, state={"memory": {"seen": 1}}
    )
    Step.objects.create(run_id=run.pk, node="start", visit=1, at=NOON, port="out", took_us=1, told={"input": "secret"})

    hidden, seen = ask(f"runs/{run.pk}"), ask(f"runs/{run.pk}", *READS, Scope.PROFILES_READ)

    assert (hidden["memory"], hidden["steps"][0]["told"], hidden["failed_at"]) == ({}, {}, "hour")
    assert (seen["memory"], seen["steps"][0]["told"]) == ({"seen": 1}, {"input": "secret"})
    for scopes, told in ((READS, hidden), ((*READS, Scope.PROFILES_READ), seen)):
        alike = program(*scopes).get(f"/api/runs/{run.pk}").json()
        assert [alike["memory"], alike["steps"][0]["told"]] == [told["memory"], told["steps"][0]["told"]]


def test_all_at_a_node_are_skipped_page_by_page(version: FlowVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_who, "PAGE", 2)
    there = [waits(version, "hour") for _ in range(3)]
    waits(version, "end")
    ended(version, "hour.out")

    first = ask("runs/skip", body={"node": "hour"})
    assert first == {"n_done": 2, "after": str(there[1].pk)}
    assert ask("runs/skip", body={"node": "hour", "after": first["after"]}) == {"n_done": 1, "after": None}

    assert set(Wait.objects.values_list("run_id", flat=True)) == {run.pk for run in there}
    assert AuditEntry.objects.filter(action="skipped a wait").count() == 3


def test_some_are_let_go_on_or_ended(version: FlowVersion) -> None:
    one, other = waits(version, "hour"), waits(version, "hour")
    [over] = ended(version, "hour.out")
    elsewhere = RunFactory()

    assert ask("runs/run-now", body={"run_ids": [str(one.pk), str(over.pk)]}) == {"n_done": 1, "after": None}
    assert ask("runs/cancel", body={"run_ids": [str(elsewhere.pk), str(other.pk)]})["n_done"] == 1

    other.refresh_from_db()
    elsewhere.refresh_from_db()
    one.refresh_from_db()
    assert (other.status, elsewhere.status) == (Run.Status.REMOVED, Run.Status.LIVE)
    assert one.due_at is not None
    assert one.due_at < NOON.replace(day=24) or one.due_at <= timezone.now()
    assert set(AuditEntry.objects.values_list("action", "actor_name")) >= {("let go on", "CRM"), ("ended", "CRM")}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "node"),
        ({"node": "hour", "run_ids": [str(uuid4())]}, "node"),
        ({"run_ids": []}, "run_ids"),
        ({"run_ids": [str(uuid4())], "after": str(uuid4())}, "after"),
        ({"node": "hour", "nodes": []}, "nodes"),
    ],
)
def test_whom_a_verb_means_is_said_once(version: FlowVersion, body: dict[str, Any], field: str) -> None:
    assert ask("runs/skip", body=body, code=422)["field"] == field
