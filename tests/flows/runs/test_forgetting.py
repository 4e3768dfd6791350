"""What runs leave behind is kept for as long as the settings say; that somebody was in a flow once, for ever."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.core.ids import first_id
from apps.flows.engine.graph import Goal, Rule
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.models import Run, Wait
from apps.flows.models import Step as StepRow
from apps.flows.runs import forgetting, leaving
from tests.factories import NOON, ProfileFactory
from tests.flows.factories import RunFactory
from tests.flows.runs.published import let_in, pass_time, publish, run_of

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def ended(*, days_ago: int, **values: Any) -> Run:
    at = NOON - days_ago * DAY
    id = UUID(int=first_id(at - DAY).int + days_ago)
    return RunFactory(
        id=id, status=Run.Status.FINISHED, ended_at=at, due_at=None, started_at=at - DAY, state={"memory": {}}, **values
    )


@pytest.fixture(autouse=True)
def ninety_days(settings: Any) -> None:
    settings.FLOW_RUN_RETENTION_DAYS, settings.FLOW_STEP_RETENTION_DAYS = 90, 30


def test_runs_go_that_ended_long_ago_and_those_under_way_stay() -> None:
    gone, kept = ended(days_ago=91), ended(days_ago=89)
    old = NOON - 300 * DAY
    live = RunFactory(id=first_id(old), started_at=old)
    StepRow.objects.create(run_id=gone.id, node="start", visit=1, at=NOON, took_us=1)

    assert forgetting.forget_old(now=NOON) == 1

    assert set(Run.objects.values_list("id", flat=True)) == {kept.id, live.id}
    assert not StepRow.objects.exists()
    assert forgetting.forget_old(now=NOON) == 0


def test_who_may_enter_once_is_still_known_to_have_entered() -> None:
    run = ended(days_ago=91, entry_key=UUID(int=9), reason="It ended.")

    forgetting.forget_old(now=NOON)

    run.refresh_from_db()
    assert (run.entry_key, run.state, run.reason) == (UUID(int=9), {}, "")
    assert forgetting.forget_old(now=NOON) == 0


def test_they_go_page_by_page_and_what_is_left_of_some_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PAGE", 1)
    for days_ago in (91, 92, 93):
        ended(days_ago=days_ago, entry_key=UUID(int=days_ago))
        ended(days_ago=days_ago + 10)

    assert forgetting.forget_old(now=NOON) == 6
    assert {(run.entry_key is not None, len(run.state)) for run in Run.objects.all()} == {(True, 0)}
    assert forgetting.forget_old(now=NOON) == 0


def test_nothing_goes_where_all_is_to_be_kept(settings: Any) -> None:
    settings.FLOW_RUN_RETENTION_DAYS = 0
    ended(days_ago=1_000)

    assert forgetting.forget_old(now=NOON) == 0


# --- goals after the end


def start(step: Step) -> Move:
    return Go()


def test_a_goal_that_is_reached_after_the_end_within_its_time_counts_for_the_run() -> None:
    goals = (Goal("g", "Buys", Rule("purchase"), within=7 * DAY),)
    version = publish({"start": start}, [], goals=goals)
    [id] = let_in(version, [ProfileFactory().id])
    pass_time(NOON)
    assert run_of(id).status == Run.Status.FINISHED
    [wait] = Wait.objects.filter(run_id=id, kind=Wait.Kind.GOAL)
    assert wait.expires_at == NOON + 7 * DAY

    Wait.objects.filter(pk=wait.pk).update(met=[{"id": "1", "type": "purchase", "time": (NOON + DAY).isoformat()}])
    Run.objects.filter(pk=id).update(due_at=NOON + DAY)
    pass_time(NOON + DAY)

    run = run_of(id)
    assert (run.status, run.goal_at, run.due_at, run.ended_at) == (Run.Status.FINISHED, NOON + DAY, None, NOON)
    assert Wait.objects.get(pk=wait.pk).met == []


def test_a_goal_that_may_still_be_reached_outlasts_whoever_takes_the_person_out_and_not_its_time() -> None:
    goals = (Goal("g", "Buys", Rule("purchase"), within=7 * DAY),)
    version = publish({"start": start}, [], goals=goals)
    [id] = let_in(version, [ProfileFactory().id])
    pass_time(NOON)

    leaving.end([id], Run.Status.REMOVED, "Removed by anna.", now=NOON)
    forgetting.forget_old(now=NOON + 6 * DAY)
    assert Wait.objects.filter(run_id=id).count() == 1

    forgetting.forget_old(now=NOON + 8 * DAY)
    assert not Wait.objects.exists()
