"""What is shown on a version while people go through it is what the rows say, for any period."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from apps.flows.describing import figures, live_figures, periods
from apps.flows.describing.periods import WHOLE, Period
from apps.flows.models import EndingCount, FlowVersion, NodeCount, Run
from apps.flows.models.run import BEFORE_SPANS
from apps.flows.runs import count_spans, run_counts
from tests.factories import NOON
from tests.flows.drawing import drawn, published
from tests.flows.factories import RunFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# How long before now somebody entered, each.
AGES = [MINUTE, 10 * MINUTE, HOUR + MINUTE, 3 * HOUR, 20 * HOUR, 3 * DAY, 9 * DAY, 40 * DAY, 80 * DAY]


@pytest.fixture
def version() -> FlowVersion:
    return published(drawn())


def entered(version: FlowVersion, at: datetime, n: int = 1) -> None:
    run_counts.count([(version.flow_id, version.pk, Run.Status.FINISHED)] * n, {(version.pk, "start", ""): n}, now=at)


def of_start(version: FlowVersion, period: Period = WHOLE) -> int:
    return next(each.entered for each in figures.nodes(version, period) if each.node == "start")


def rows() -> int:
    return NodeCount.objects.count() + EndingCount.objects.count()


def test_a_period_counts_what_happened_in_it(version: FlowVersion) -> None:
    for age in AGES:
        entered(version, NOON - age)
    NodeCount.objects.create(version=version, node="start", n=100)  # before anybody noted times

    found = {name: of_start(version, periods.named(name, now=NOON)) for name in periods.LENGTHS}

    assert found == {"hour": 2, "day": 5, "week": 6, "month": 7, "all": 109}
    between = periods.period(NOON - 10 * DAY, NOON - 2 * DAY, now=NOON)
    assert of_start(version, between) == 2
    assert figures.endings(version, between)[Run.Status.FINISHED] == 2
    assert of_start(version, periods.period(None, NOON + DAY, now=NOON)) == 109


def test_old_spans_become_longer_and_no_count_changes(version: FlowVersion) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() % 16")
        [slot] = cursor.fetchone()
    for hour in range(12 * 24):
        for minute in (1, 6, 59):
            entered(version, NOON - 12 * DAY + hour * HOUR + minute * MINUTE)
    NodeCount.objects.filter(slot=slot).update(slot=7)
    entered(version, NOON - 5 * DAY + MINUTE, n=10)  # by another process, in the same span
    NodeCount.objects.create(version=version, node="start", n=100)
    periods_of = [WHOLE, *(periods.named(name, now=NOON) for name in ("hour", "day", "week"))]
    before = [of_start(version, each) for each in periods_of]

    count_spans.fold(now=NOON)
    count_spans.fold(now=NOON)

    assert [of_start(version, each) for each in periods_of] == before
    old = NodeCount.objects.filter(at__lte=NOON - 3 * HOUR).exclude(at=BEFORE_SPANS)
    assert {each.at.minute for each in old} == {0}
    assert {each.slot for each in old} == {0}
    assert old.filter(at__lte=NOON - 8.5 * DAY).count() == 4  # days
    assert EndingCount.objects.aggregate(number=Sum("n"))["number"] == 12 * 24 * 3 + 10


def test_endings_become_days_after_a_month(version: FlowVersion) -> None:
    for hour in range(48):
        entered(version, NOON - 40 * DAY + hour * HOUR)
        entered(version, NOON - 20 * DAY + hour * HOUR)

    count_spans.fold(now=NOON)

    assert EndingCount.objects.filter(at__lt=NOON - 36 * DAY).count() == 3  # it was noon
    assert EndingCount.objects.filter(at__gt=NOON - 36 * DAY).count() == 48
    assert figures.endings(version)[Run.Status.FINISHED] == 96


def test_what_is_counted_while_old_spans_are_folded_is_in_no_longer_span(version: FlowVersion) -> None:
    entered(version, NOON - MINUTE)
    entered(version, NOON - 119 * MINUTE)

    count_spans.fold(now=NOON)

    assert rows() == 4


def test_who_failed_did_so_in_the_period(version: FlowVersion) -> None:
    for age in (MINUTE, 2 * DAY):
        RunFactory(version=version, status=Run.Status.FAILED, place="start", due_at=None, ended_at=NOON - age)
    RunFactory(version=version, place="start", state={"tokens": [{"id": 1, "node": "start"}]})

    day, whole = (figures.nodes(version, each)[0] for each in (periods.named("day", now=NOON), WHOLE))

    assert (day.failed, day.waiting) == (1, 1)
    assert (whole.failed, whole.waiting) == (2, 1)


def test_an_answer_is_kept_for_a_while(version: FlowVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("apps.flows.describing.live_figures.time.monotonic", lambda: clock[0])

    def ask(asked: str = "all") -> Any:
        return live_figures.counts(version, WHOLE, asked=asked, now=NOON).n_inside

    assert ask() == 0
    RunFactory(version=version)
    assert (ask(), ask("since yesterday")) == (0, 1)
    clock[0] += live_figures.KEPT_SECS
    assert ask() == 1


def test_all_edges_of_a_port_have_its_count(version: FlowVersion) -> None:
    NodeCount.objects.create(version=version, node="start", port="out", n=4)

    found = live_figures.counts(version, WHOLE, asked="all", now=NOON)

    assert found.edges(version.definition) == {"start.out -> end": 4}
    assert found.edges({"edges": [{"from": "start", "to": "a"}, {"from": "start", "to": "b"}]}) == {
        "start.out -> a": 4,
        "start.out -> b": 4,
    }
