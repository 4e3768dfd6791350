"""The doctor and Prometheus are told of runs that are late or given up, and of flows that the platform has paused."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.console import gauges
from apps.console.doctor.checkup import Patient
from apps.console.doctor.late_runs import flows
from apps.core import metrics
from apps.flows.models import Run
from apps.flows.runs import pausing
from tests.flows.factories import RunFactory
from tests.flows.triggers.flowing import publish

pytestmark = pytest.mark.django_db


def told() -> tuple[str, dict[str, str]]:
    report = flows(Patient())
    return report.told, {finding.code: finding.message for finding in report.findings}


def test_all_is_well_while_nobody_is_late() -> None:
    RunFactory(due_at=datetime.now(UTC) + timedelta(hours=1))

    assert told() == ("no run is due", {})


def test_it_tells_who_is_late_who_fails_who_was_given_up_and_which_flow_was_paused() -> None:
    now = datetime.now(UTC)
    late = RunFactory(due_at=now - timedelta(minutes=10))
    RunFactory(due_at=None, dead_at=now, error="It could not go on (KeyError).")
    RunFactory(due_at=now + timedelta(hours=1), attempts=4, error="It could not go on (KeyError).")
    RunFactory(due_at=now + timedelta(seconds=2), attempts=1, error="It could not go on (IntegrityError).")
    pausing.pause(late.flow, now=now, because="4 of the 20 runs that ended within an hour have failed.")

    said, found = told()

    assert said == "1 runs are due"
    assert found == {
        "flow_runs_late": "Runs of flows are due, the oldest for 10 minutes.",
        "flow_runs_dead": "1 runs of flows were given up: 10 times they could not go on.",
        "flow_runs_failing": "1 runs of flows cannot go on, and are tried again.",
        "flow_paused": f"The flow {late.flow} was paused: 4 of the 20 runs that ended within an hour have failed.",
    }


def test_it_tells_which_flow_is_on_and_lets_nobody_enter() -> None:
    publish({"kind": "event", "event_type": "page-view"})
    broken = publish({"kind": "field", "field": "profile@visits"})

    _, found = told()

    assert found == {
        "flow_left_out": f"Nobody enters the flow {broken}: Trigger t1, field: profile@visits is no single field of "
        "the person, as profile@traits.plan is."
    }


def test_prometheus_is_told_how_many_are_due_and_for_how_long() -> None:
    now = datetime.now(UTC)
    RunFactory(due_at=now - timedelta(seconds=50))
    RunFactory(due_at=now - timedelta(days=1), attempts=Run.MAX_ATTEMPTS)

    found = {gauge: value for gauge, _, value in gauges.look()}

    assert found[metrics.FLOW_RUNS_DUE] == 1
    assert 50 <= found[metrics.FLOW_RUNS_OLDEST] < 900
