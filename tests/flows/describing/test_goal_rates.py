"""What pages say of goals and of branches is what plain SQL says of runs; ranges are those of statistics."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.describing import goal_rates
from apps.flows.describing.goal_rates import Branch, Split
from apps.flows.models import Flow, FlowVersion, Run
from tests.factories import NOON
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.factories import RunFactory

NODES: list[dict[str, Any]] = [
    {"id": "start", "kind": "start"},
    {
        "id": "test",
        "kind": "split",
        "name": "Mail or not",
        "settings": {"branches": [{"port": "mail", "weight": 50}, {"port": "holdout", "weight": 50}]},
    },
    {"id": "end", "kind": "end"},
]
EDGES = [
    {"from": "start", "to": "test"},
    {"from": "test", "port": "mail", "to": "end"},
    {"from": "test", "port": "holdout", "to": "end"},
]
GOALS = [{"id": "g", "name": "Bought", "event_type": "sale-completed", "within_secs": 3600}]
BY_SQL = """
SELECT part ->> 1, count(DISTINCT run.id), count(DISTINCT run.id) FILTER (WHERE goal_at IS NOT NULL)
FROM flows_run AS run, jsonb_array_elements(state -> 'path') AS part WHERE part ->> 0 = 'test' GROUP BY 1
"""


def ran(version: FlowVersion, port: str, goal: timedelta | None = None, n: int = 1, **values: Any) -> None:
    """Let runs have gone by a branch and ended at noon, and reached the goal so long after."""
    path = [["start", "out", 0], ["test", port, 1], ["end", "", 2]]
    RunFactory.create_batch(
        n,
        version=version,
        **{"status": Run.Status.FINISHED, "ended_at": NOON, "due_at": None, "state": {"path": path}, **values},
        goal_at=None if goal is None else NOON + goal,
    )


@pytest.fixture
def row() -> Flow:
    row = drawn()
    redrawn(row, nodes=NODES, edges=EDGES, goals=GOALS)
    published(row)
    return row


@pytest.fixture
def version(row: Flow) -> FlowVersion:
    assert row.version is not None
    ran(row.version, "mail", timedelta(), n=3, status=Run.Status.GOAL)
    ran(row.version, "mail", timedelta(minutes=5), n=2)
    ran(row.version, "mail", n=5)
    ran(row.version, "holdout", timedelta(minutes=5), n=1)
    ran(row.version, "holdout", n=8)
    ran(row.version, "holdout", timedelta(-1), status=Run.Status.LIVE, ended_at=None, due_at=NOON)
    return row.version


@pytest.mark.django_db
def test_goals_count_of_each_version_inside_and_later(row: Flow, version: FlowVersion) -> None:
    redrawn(row, zone="Europe/Vienna")
    ran(published(row), "mail")

    second, first = goal_rates.versions(row.pk)

    assert (second.number, second.entered, second.reached, second.reached_percent) == (2, 1, 0, 0)
    assert (first.number, first.entered, first.reached_during, first.reached_after) == (1, 20, 4, 3)
    assert first.reached_percent == 35


@pytest.mark.django_db
def test_branches_count_as_plain_sql_does_and_a_run_counts_once(version: FlowVersion) -> None:
    [split] = goal_rates.splits(version)
    with connection.cursor() as cursor:
        cursor.execute(BY_SQL)
        by_sql = {port: (n, n_reached) for port, n, n_reached in cursor.fetchall()}

    assert {each.port: (each.entered, each.reached) for each in split.branches} == by_sql
    assert by_sql == {"mail": (10, 5), "holdout": (10, 2)}
    assert [each.said.partition(" %")[0] for each in split.branches] == ["50.0", "20.0"]

    ran(version, "mail", state={"path": [["test", "mail", 1], ["test", "holdout", 2]]})
    assert [each.entered for each in goal_rates.splits(version)[0].branches] == [11, 10]


@pytest.mark.django_db
def test_a_flow_says_who_reached_its_goal(
    row: Flow, version: FlowVersion, admin_client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("flow", "show", "welcome")
    said = capsys.readouterr().out
    assert "Version 1: 20 entered, 7 reached the goal (35.0 %), 4 inside and 3 later" in said
    assert "Mail or not (test), branch mail: 10 took it, 5 reached the goal: 50.0 %, between 23.7 and 76.3 %" in said

    for address in (
        reverse("admin:flows_overview", args=[row.pk]),
        reverse("admin:flows_version", args=[row.pk, 1]),
    ):
        shown = admin_client.get(address).content.decode()
        assert "50.0 %, between 23.7 and 76.3 %" in shown
        assert "what differs may be chance" in shown


@pytest.mark.django_db
def test_a_flow_without_goals_says_nothing_of_them(admin_client: Client) -> None:
    row = drawn()
    published(row)

    assert "reached the goal" not in admin_client.get(reverse("admin:flows_overview", args=[row.pk])).content.decode()


@given(n=st.integers(1, 10**6), share=st.floats(0, 1))
def test_a_range_holds_the_rate_and_narrows_with_more_people(n: int, share: float) -> None:
    few, many = Branch("a", n, int(n * share)), Branch("a", 100 * n, 100 * int(n * share))
    assert few.range_percent is not None
    assert many.range_percent is not None
    assert few.reached_percent is not None
    least, most = few.range_percent
    assert 0 <= least <= few.reached_percent + 1e-9
    assert few.reached_percent - 1e-9 <= most <= 100
    assert many.range_percent[1] - many.range_percent[0] < most - least


@pytest.mark.parametrize(
    ("branches", "said"),
    [
        ((Branch("a"), Branch("b")), "Nothing to compare yet"),
        ((Branch("a", 10, 1), Branch("b")), "Nothing to compare yet"),
        ((Branch("a", 10, 5), Branch("b", 10, 2)), "may be chance"),
        ((Branch("a", 1000, 500), Branch("b", 1000, 200)), "More reach the goal by a than by b"),
        ((Branch("a", 9, 3), Branch("b", 1000, 500), Branch("c", 999, 9)), "More reach the goal by b than by c"),
    ],
)
def test_a_verdict_says_when_a_difference_may_be_chance(branches: tuple[Branch, ...], said: str) -> None:
    assert said in Split("test", "Test", branches).verdict
