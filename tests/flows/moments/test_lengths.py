"""So long after a moment: by the calendar of the place, or as time that elapses."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.conditions.durations import Duration
from apps.flows.moments import fixed, random_between
from tests.flows.moments.brute import DAY, first, reading, zones_and_moments
from tests.laws import examples

BERLIN = ZoneInfo("Europe/Berlin")
SHORT = st.builds(Duration, st.integers(1, 5_000), st.sampled_from(["second", "minute", "hour"]))
LONG = st.builds(Duration, st.integers(1, 60), st.sampled_from(["day", "week", "month", "year"]))


@settings(max_examples=examples(60, nightly=2_000), deadline=None)
@given(zones_and_moments(), st.integers(1, 10))
def test_days_later_is_when_a_clock_first_reaches_the_same_time(place: tuple[ZoneInfo, datetime], days: int) -> None:
    zone, now = place
    now = now.replace(second=0, microsecond=0)
    goal = reading(now, zone) + days * DAY

    found = fixed(now, Duration(days, "day"), zone=zone)

    assert found == first(now, lambda moment: reading(moment, zone) >= goal)


@settings(max_examples=examples(60, nightly=2_000))
@given(zones_and_moments(), SHORT)
def test_hours_and_less_elapse_wherever_one_is(place: tuple[ZoneInfo, datetime], duration: Duration) -> None:
    zone, now = place

    assert fixed(now, duration, zone=zone) - now == timedelta(seconds=duration.seconds or 0)


@settings(max_examples=examples(60, nightly=2_000))
@given(zones_and_moments(), SHORT | LONG)
def test_what_is_waited_for_comes_later(place: tuple[ZoneInfo, datetime], duration: Duration) -> None:
    zone, now = place

    assert fixed(now, duration, zone=zone) > now > fixed(now, -duration, zone=zone)


@settings(max_examples=examples(60, nightly=2_000))
@given(zones_and_moments(), SHORT, SHORT, st.text())
def test_random_moment_is_between_both_lengths_and_always_the_same(
    place: tuple[ZoneInfo, datetime], one: Duration, other: Duration, seed: str
) -> None:
    zone, now = place
    shortest, longest = sorted((one, other), key=lambda duration: duration.seconds or 0)

    found = random_between(now, shortest, longest, zone=zone, seed=seed)

    assert fixed(now, shortest, zone=zone) <= found <= fixed(now, longest, zone=zone)
    assert found == random_between(now, shortest, longest, zone=zone, seed=seed)


def test_random_moments_are_spread_evenly() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    found = [
        random_between(now, Duration(1, "hour"), Duration(5, "hour"), zone=BERLIN, seed=f"run {n}")
        for n in range(4_000)
    ]

    hours = [int((moment - now) / timedelta(hours=1)) for moment in found]
    assert all(900 < hours.count(hour) < 1_100 for hour in range(1, 5))


@pytest.mark.parametrize(
    ("now", "duration", "later"),
    [
        ("2026-03-28 09:00", Duration(1, "day"), "2026-03-29 09:00"),  # 23 hours
        ("2026-10-24 09:00", Duration(1, "week"), "2026-10-31 09:00"),  # a week and an hour
        ("2026-01-31 09:00", Duration(1, "month"), "2026-02-28 09:00"),
        ("2024-02-29 09:00", Duration(1, "year"), "2025-02-28 09:00"),
        ("2026-03-28 02:30", Duration(1, "day"), "2026-03-29 03:00"),  # clocks skip half past two
        ("2026-03-31 00:30", Duration(-1, "month"), "2026-02-28 00:30"),  # in UTC it is another day
    ],
)
def test_calendar_is_that_of_the_place(now: str, duration: Duration, later: str) -> None:
    began_at = datetime.fromisoformat(now).replace(tzinfo=BERLIN)

    assert reading(fixed(began_at, duration, zone=BERLIN), BERLIN) == datetime.fromisoformat(later)
