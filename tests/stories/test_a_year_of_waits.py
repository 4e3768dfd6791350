"""People wait in a flow for a year, in five zones: each goes on at the right time by the clocks where they are."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Min

from apps.flows.models import Run
from apps.flows.runs import batches
from tests.factories import ProfileFactory
from tests.flows.factories import FlowVersionFactory
from tests.flows.moments.brute import DAY, first, reading
from tests.flows.runs.published import let_in, pass_time
from tests.laws import IS_NIGHTLY

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1_800 if IS_NIGHTLY else 300)]
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
# When clocks change somewhere in that year, and each fifth day besides; by night all days.
CHANGES = [
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
]
EACH = 1 if IS_NIGHTLY else 5
YEAR = [date(2026, 1, 3) + n * DAY for n in range(363)]
DAYS = [day for n, day in enumerate(YEAR) if n % EACH == 0 or any(abs(day - change) < 2 * DAY for change in CHANGES)]
# Half past two: clocks of some skip it on a day of spring, and show it twice on one of autumn.
DEFINITION = {
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "day", "kind": "wait-for-date", "settings": {"field": "event@properties.day", "at": "02:30"}},
        {
            "id": "office",
            "kind": "wait-for-window",
            "settings": {"weekdays": ["monday", "tuesday", "wednesday"], "from": "09:00", "to": "17:00"},
        },
        {"id": "week", "kind": "wait", "settings": {"length": "1 week"}},
        {"id": "end", "kind": "end"},
    ],
    "edges": [
        {"from": "start", "port": "out", "to": "day"},
        {"from": "day", "port": "out", "to": "office"},
        {"from": "office", "port": "out", "to": "week"},
        {"from": "week", "port": "out", "to": "end"},
    ],
}


def left_at(run: Run) -> dict[str, datetime]:
    """Tell when somebody left each node, for the last time."""
    return {node: NEW_YEAR + timedelta(milliseconds=ms) for node, _port, ms in run.state["path"]}


def in_office_hours(shown: datetime) -> bool:
    return shown.weekday() <= 2 and time(9) <= shown.time() < time(17)


def check(run: Run, zone: ZoneInfo, day: date) -> None:
    """Look at the clock on their wall each minute, and at when they went on."""
    went_on = left_at(run)
    half_past_two, before = datetime.combine(day, time(2, 30)), datetime.combine(day - DAY, time(8), UTC)
    assert went_on["day"] == first(before, lambda moment: reading(moment, zone) >= half_past_two)
    assert went_on["office"] == first(went_on["day"], lambda moment: in_office_hours(reading(moment, zone)))
    week_later = reading(went_on["office"], zone) + 7 * DAY
    assert went_on["week"] == first(went_on["office"] + 6 * DAY, lambda moment: reading(moment, zone) >= week_later)
    assert (run.status, run.ended_at) == (Run.Status.FINISHED, went_on["week"])


@pytest.mark.timeout(400)
def test_each_goes_on_at_the_right_time_by_the_clocks_where_they_are() -> None:
    version = FlowVersionFactory(definition=DEFINITION)
    people = {ProfileFactory(aux={"geo": {"time_zone": zone}}).id: ZoneInfo(zone) for zone in ZONES}
    for day in DAYS:
        let_in(version, people, at=NEW_YEAR, event={"type": "booked", "properties": {"day": day.isoformat()}})
    pass_time(NEW_YEAR)

    while next_at := Run.objects.aggregate(at=Min("due_at"))["at"]:
        batches.go_on(now=next_at)

    runs = list(Run.objects.all())
    assert len(runs) == len(ZONES) * len(DAYS) > 400
    for run in runs:
        check(run, people[run.profile_id], date.fromisoformat(run.state["event"]["properties"]["day"]))
