"""What pages say of flows in figures is what plain SQL says of the rows, whatever people have gone through."""

import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.flows.changing import switching
from apps.flows.describing import figures
from apps.flows.models import Flow, FlowVersion, Run
from apps.flows.runs import batches
from apps.flows.triggers import starting
from apps.profiles.models import Profile
from tests.factories import ANNA, NOON, ProfileFactory
from tests.flows.drawing import drawn, published

pytestmark = pytest.mark.django_db
# Two ways, of which one waits; who is on a plan of no name fails.
NODES: list[dict[str, Any]] = [
    {"id": "start", "kind": "start"},
    {"id": "pro", "kind": "condition", "settings": {"condition": 'profile@traits.plan = "pro"'}},
    {"id": "hour", "kind": "wait", "settings": {"length": "1 hour"}},
    {"id": "known", "kind": "condition", "settings": {"condition": "profile@traits.plan EXISTS"}},
    {"id": "no", "kind": "error", "settings": {"reason": "No plan."}},
    {"id": "end", "kind": "end"},
]
EDGES = [
    {"from": "start", "to": "pro"},
    {"from": "pro", "port": "true", "to": "hour"},
    {"from": "pro", "port": "false", "to": "known"},
    {"from": "hour", "to": "end"},
    {"from": "known", "port": "true", "to": "end"},
    {"from": "known", "port": "false", "to": "no"},
]
PLANS = ["pro"] * 4 + ["free"] * 3 + [None] * 2


@pytest.fixture
def row() -> Flow:
    row = drawn()
    Flow.objects.filter(pk=row.pk).update(draft={**row.draft, "nodes": NODES, "edges": EDGES, "trace_percent": 100})
    published(row)
    return switching.switch_on(row.pk, actor=ANNA, now=NOON)


@pytest.fixture
def people() -> Sequence[Profile]:
    return [ProfileFactory(traits={"plan": plan} if plan else {}) for plan in PLANS]


def go_on(until: datetime) -> None:
    while batches.go_on(now=until):
        pass


def asked(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def of_rows(version: FlowVersion) -> dict[str, dict[str, Any]]:
    """Count by steps and runs alone."""
    runs = "SELECT id FROM flows_run WHERE version_id = %s"
    entered = dict(
        asked(
            f"SELECT node, count(DISTINCT (run_id, visit)) FROM flows_step WHERE run_id IN ({runs}) GROUP BY 1",
            version.pk,
        )
    )
    left: dict[str, dict[str, int]] = {}
    for node, port, n in asked(
        f"SELECT node, port, count(*) FROM flows_step WHERE port <> '' AND run_id IN ({runs}) GROUP BY 1, 2", version.pk
    ):
        left.setdefault(node, {})[port] = n
    places = "SELECT place, count(*) FROM flows_run WHERE version_id = %s AND status = %s GROUP BY 1"
    waiting = dict(asked(places, version.pk, Run.Status.LIVE))
    failed = dict(asked(places, version.pk, Run.Status.FAILED))
    return {
        node["id"]: {
            "entered": entered.get(node["id"], 0),
            "left": left.get(node["id"], {}),
            "waiting": waiting.get(node["id"], 0),
            "failed": failed.get(node["id"], 0),
        }
        for node in NODES
    }


def shown(version: FlowVersion) -> dict[str, dict[str, Any]]:
    names = ("entered", "left", "waiting", "failed")
    return {each.node: {name: getattr(each, name) for name in names} for each in figures.nodes(version)}


def test_figures_of_nodes_are_those_of_steps_and_runs(row: Flow, people: Sequence[Profile]) -> None:
    assert row.version is not None
    for person in people:
        starting.start_one(row, person.pk, by="anna")
    assert shown(row.version)["start"]["waiting"] == len(people)

    began = Run.objects.earliest("started_at").started_at
    go_on(began + timedelta(minutes=1))
    half = shown(row.version)
    assert half == of_rows(row.version)
    assert (half["hour"]["waiting"], half["no"]["failed"], half["end"]["entered"]) == (4, 2, 3)

    go_on(began + timedelta(hours=2))
    whole = shown(row.version)
    assert whole == of_rows(row.version)
    assert (whole["hour"]["left"], whole["end"]["entered"]) == ({"out": 4}, 7)


def test_the_time_at_a_node_is_how_long_half_of_them_stayed(row: Flow, people: Sequence[Profile]) -> None:
    assert row.version is not None
    for person in people[:4]:
        starting.start_one(row, person.pk, by="anna")
    began = Run.objects.earliest("started_at").started_at
    go_on(began + timedelta(minutes=1))
    go_on(began + timedelta(hours=1, minutes=1))

    found = {each.node: each for each in figures.nodes(row.version)}

    stays = [state["path"][2][2] - state["path"][1][2] for state in Run.objects.values_list("state", flat=True)]
    assert found["hour"].median_secs == pytest.approx(statistics.median(stays) / 1000)
    assert found["hour"].time == "60 minutes"
    assert found["pro"].time == "no time"
    assert found["no"].time == ""


def test_an_overview_counts_who_is_inside_and_who_ended(row: Flow, people: Sequence[Profile]) -> None:
    for person in people:
        starting.start_one(row, person.pk, by="anna")
    now = Run.objects.earliest("started_at").started_at + timedelta(minutes=1)
    go_on(now)
    counts = Counter(Run.objects.values_list("status", flat=True))

    found = figures.overviews([row.pk], now=now)[row.pk]

    assert found.n_inside == counts[Run.Status.LIVE] == 4
    assert (found.n_ended, found.n_failed) == (5, 2)
    assert found.failed_percent == 40
    assert dict(figures.statuses(row.pk)) == {Run.Status(status).label: n for status, n in counts.items()}
    tomorrow = figures.overviews([row.pk], now=now + timedelta(days=1, minutes=5))[row.pk]
    assert (tomorrow.n_ended, tomorrow.failed_percent) == (0, None)
