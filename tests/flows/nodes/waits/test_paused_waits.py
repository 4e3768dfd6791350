"""A flow is paused while people wait in it: what becomes of their waits when everybody is as late as it paused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.core import tasks
from apps.flows.models import FlowVersion, Run
from apps.flows.runs import pausing
from apps.flows.runs.pausing import Policy
from tests.factories import ProfileFactory
from tests.flows.factories import FlowVersionFactory
from tests.flows.runs.published import let_in, pass_time, run_of

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TUESDAY = datetime(2026, 11, 24, 11, tzinfo=UTC)  # noon in Berlin


def paused(kind: str, *, lasting: timedelta, **settings: Any) -> UUID:
    """Let somebody wait from Tuesday noon on; an hour later their flow pauses for a while. Return the run."""
    ports = ("out", "past") if "past" in settings else ("out",)
    version: FlowVersion = FlowVersionFactory(
        definition={
            "nodes": [
                {"id": "start", "kind": "start"},
                {"id": "wait", "kind": kind, "settings": settings},
                *({"id": port, "kind": "end"} for port in ports),
            ],
            "edges": [
                {"from": "start", "to": "wait"},
                *({"from": "wait", "port": port, "to": port} for port in ports),
            ],
        }
    )
    person = ProfileFactory(aux={"geo": {"time_zone": "Europe/Berlin"}})
    [id] = let_in(version, [person.id], at=TUESDAY)
    pass_time(TUESDAY)
    pausing.pause(version.flow, now=TUESDAY + HOUR)
    pass_time(TUESDAY + lasting)
    assert run_of(id).status == Run.Status.LIVE
    task = pausing.resume(version.flow, policy=Policy.SHIFT, requested_by="anna", now=TUESDAY + HOUR + lasting)
    tasks.run(task.pk, secs=60)
    return id


def goes_on_at(id: UUID) -> datetime:
    """Let time pass from the end of the pause on until they went on, and say when that was."""
    now = TUESDAY + HOUR + run_of(id).behind
    while due_at := run_of(id).due_at:
        now = max(now, due_at)
        pass_time(now)
    ended_at = run_of(id).ended_at
    assert ended_at
    return ended_at


def test_who_waits_for_so_long_waits_as_much_longer() -> None:
    assert goes_on_at(paused("wait", lasting=5 * HOUR, length="3 hours")) == TUESDAY + 8 * HOUR


@pytest.mark.parametrize(
    ("lasting", "at"),
    [
        (5 * HOUR, datetime(2026, 11, 25, 8, tzinfo=UTC)),  # it opens at nine on the day after, as it would have
        (2 * DAY, datetime(2026, 11, 27, 8, tzinfo=UTC)),  # it opened while all stood still, and is shut since
    ],
)
def test_a_window_opens_by_the_clocks_of_the_world(lasting: timedelta, at: datetime) -> None:
    id = paused("wait-for-window", lasting=lasting, **{"from": "09:00", "to": "11:00"})

    assert goes_on_at(id) == at


@pytest.mark.parametrize(
    ("lasting", "at"),
    [(5 * HOUR, datetime(2026, 11, 25, 8, tzinfo=UTC)), (2 * DAY, datetime(2026, 11, 27, 8, tzinfo=UTC))],
)
def test_a_time_of_day_is_one_by_the_clocks_of_the_world(lasting: timedelta, at: datetime) -> None:
    assert goes_on_at(paused("wait-for-time-of-day", lasting=lasting, at="09:00")) == at


def test_a_pause_in_between_makes_nobody_miss_a_date() -> None:
    id = paused("wait-until", lasting=5 * HOUR, moment="2026-11-25 09:00", past="port")

    assert goes_on_at(id) == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert run_of(id).state["path"][-1][0] == "out"


def test_who_waited_for_a_moment_that_went_by_is_late() -> None:
    id = paused("wait-until", lasting=2 * DAY, moment="2026-11-25 09:00", past="port")

    assert goes_on_at(id) == TUESDAY + HOUR + 2 * DAY
    assert run_of(id).state["path"][-1][0] == "past"
