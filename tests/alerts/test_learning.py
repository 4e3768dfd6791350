"""What is usual at this time of the week: a quiet Sunday night is no alarm, and a quiet Monday noon is one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import learning
from apps.events.models import ArrivalCount
from tests.alerts.factories import arrivals, minutes, steady
from tests.factories import NOON, SourceFactory

MONDAY_NOON = NOON
assert MONDAY_NOON.weekday() == 0
BERLIN = ZoneInfo("Europe/Berlin")
counts = st.lists(st.integers(0, 1_000), min_size=1, max_size=learning.WEEKS)


@pytest.mark.django_db
def test_the_same_time_of_each_week_is_counted_and_nothing_before_and_after() -> None:
    source, other = SourceFactory(), SourceFactory()
    for weeks in (1, 2, 3, 4):
        then = MONDAY_NOON - timedelta(weeks=weeks)
        for offset, taken in ((0, 1_000), (5, weeks), (25, 100 * weeks), (30, 1_000)):
            arrivals(source, then + minutes(offset), taken)
        arrivals(other, then, 7)

    found = learning.usual(source.pk, MONDAY_NOON, MONDAY_NOON + minutes(30), zone=UTC)

    assert found == [101, 202, 303, 404]


@pytest.mark.django_db
def test_weeks_before_the_first_count_are_not_learned_from() -> None:
    source = SourceFactory()
    arrivals(source, MONDAY_NOON - timedelta(days=9))

    assert learning.usual(source.pk, MONDAY_NOON, MONDAY_NOON + minutes(30), zone=UTC) == [0]
    assert learning.usual(SourceFactory().pk, MONDAY_NOON, MONDAY_NOON + minutes(30), zone=UTC) == []


@pytest.mark.django_db
def test_noon_stays_noon_when_the_clocks_change() -> None:
    """On 2026-10-25 clocks in Berlin went back: noon was at 10:00 UTC before, and is at 11:00 UTC since."""
    source = SourceFactory()
    ArrivalCount.objects.all().delete()
    noon = datetime(2026, 10, 26, 12, tzinfo=BERLIN).astimezone(UTC)
    arrivals(source, datetime(2026, 9, 1, tzinfo=UTC), 1)
    arrivals(source, datetime(2026, 10, 19, 12, 10, tzinfo=BERLIN).astimezone(UTC), 40)

    assert learning.usual(source.pk, noon, noon + minutes(30), zone=BERLIN)[0] == 40
    assert learning.usual(source.pk, noon, noon + minutes(30), zone=UTC)[0] == 0


@pytest.mark.django_db
def test_a_silence_counts_no_less_the_longer_it_lasts_when_the_clocks_change() -> None:
    """In Berlin 02:55 was followed by 02:00 again, after five minutes."""
    source = SourceFactory()
    ArrivalCount.objects.all().delete()
    begin = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN).astimezone(UTC)
    steady(source, since=begin - timedelta(weeks=4), until=begin)

    found = [learning.usual(source.pk, begin, begin + minutes(5 * n), zone=BERLIN) for n in range(1, 40)]

    assert found == sorted(found)
    assert found[-1] == [380, 380, 380, 380]


@pytest.mark.django_db
def test_a_silence_of_days_is_compared_with_the_same_days() -> None:
    source = SourceFactory()
    steady(source, since=MONDAY_NOON - timedelta(weeks=3), until=MONDAY_NOON, taken=1)

    found = learning.usual(source.pk, MONDAY_NOON, MONDAY_NOON + timedelta(days=2), zone=UTC)

    assert found == [575, 575, 575]


@given(counts, st.data())
def test_who_sent_more_in_other_weeks_is_missed_sooner(usual: list[int], data: st.DataObject) -> None:
    more = [count + data.draw(st.integers(0, 50)) for count in usual]

    assert learning.is_unusual(more) >= learning.is_unusual(usual)


@given(st.lists(st.integers(0, learning.LEAST_EVENTS - 1), min_size=1, max_size=learning.WEEKS))
def test_no_week_with_hardly_any_event_makes_a_silence_unusual(usual: list[int]) -> None:
    assert not learning.is_unusual(usual)


@pytest.mark.parametrize(
    ("usual", "is_unusual"),
    [
        ([10, 10, 10], True),
        ([10, 10, 9], False),
        ([500, 480, 0, 510], True),  # one week in four may have been a holiday
        ([500, 0, 0, 510], False),
        ([0, 500, 480, 500, 510, 490, 0, 500], True),
        ([0, 0, 0, 5_000], False),  # a campaign
    ],
)
def test_most_weeks_decide(usual: list[int], is_unusual: bool) -> None:
    assert learning.is_unusual(usual) is is_unusual
