"""When dates of people come round."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.conditions.durations import Duration
from apps.flows.moments import Leap, next_anniversary
from apps.flows.triggers import turns
from apps.flows.triggers.turns import Rule, Turn

NINE = time(9)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_time_of_the_day_comes_at_zones_after_each_other() -> None:
    found = turns.come(NINE, after=at("2026-11-30T07:59"), until=at("2026-11-30T08:00"), zones=ZONES)

    assert found == [Turn(date(2026, 11, 30), frozenset({"Europe/Berlin"}))]
    assert turns.following(NINE, after=at("2026-11-30T07:59"), zones=ZONES) == at("2026-11-30T08:00")
    assert turns.following(NINE, after=at("2026-11-30T08:00"), zones=ZONES) == at("2026-11-30T09:00")


def test_of_a_day_each_zone_is_reached_once() -> None:
    found = turns.come(NINE, after=at("2026-11-29T12:00"), until=at("2026-11-30T12:00"), zones=ZONES)

    assert [(turn.day.day, sorted(turn.zones)) for turn in found] == [
        (29, ["America/New_York"]),
        (30, ["Australia/Lord_Howe", "Europe/Berlin", "Pacific/Kiritimati", "UTC"]),
    ]


def test_a_time_that_clocks_skip_comes_when_they_have_skipped_it() -> None:
    found = turns.come(time(2, 30), after=at("2026-03-29T00:59"), until=at("2026-03-29T01:00"), zones=["Europe/Berlin"])

    assert [turn.day for turn in found] == [date(2026, 3, 29)]


@pytest.mark.parametrize(
    ("found", "day", "leap", "is_met"),
    [
        ("1990-11-30", "2026-11-30", Leap.FEB28, True),
        ("2026-11-30", "2026-11-30", Leap.FEB28, True),  # the day itself
        ("2027-11-30", "2026-11-30", Leap.FEB28, False),  # nobody has a birthday before being born
        ("1990-11-29", "2026-11-30", Leap.FEB28, False),
        ("1992-02-29", "2026-02-28", Leap.FEB28, True),
        ("1992-02-29", "2026-03-01", Leap.FEB28, False),
        ("1992-02-29", "2026-03-01", Leap.MAR1, True),
        ("1992-02-29", "2026-02-28", Leap.MAR1, False),
        ("1992-02-29", "2028-02-29", Leap.MAR1, True),
        ("1992-02-29", "2028-03-01", Leap.MAR1, False),
        ("1992-02-29", "2028-02-28", Leap.FEB28, False),
    ],
)
def test_a_day_comes_back_each_year(found: str, day: str, leap: Leap, is_met: bool) -> None:
    rule = Rule(NINE, yearly=True, leap=leap)

    assert rule.is_met(date.fromisoformat(found), date.fromisoformat(day)) is is_met


def test_a_day_by_itself_comes_once() -> None:
    rule = Rule(NINE, offset_days=-3)

    assert rule.day_meant(date(2026, 11, 30)) == date(2026, 12, 3)
    assert rule.is_met(date(2026, 12, 3), date(2026, 12, 3))
    assert not rule.is_met(date(2025, 12, 3), date(2026, 12, 3))


@given(
    st.dates(date(1930, 1, 1), date(2040, 12, 31)),
    st.integers(0, 14 * 366 * 24 * 60),
    st.sampled_from(ZONES),
    st.sampled_from(Leap),
    st.integers(-366, 366),
    st.times(),
)
def test_the_clock_and_who_waits_say_the_same(
    born: date, minutes: int, zone: str, leap: Leap, offset: int, at: time
) -> None:
    """Whom the clock looks for at a turn is who would have waited until then, and nobody else."""
    at = at.replace(second=0, microsecond=0, tzinfo=None)
    rule = Rule(at, offset_days=offset, yearly=True, leap=leap)
    after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = next_anniversary(
        after, born, Duration(offset, "day") if offset else None, zone=ZoneInfo(zone), leap=leap, at=at
    )
    found = turns.come(at, after=due - timedelta(minutes=1), until=due, zones=[zone])

    meant = [rule.day_meant(turn.day) for turn in found]

    assert any(rule.is_met(born, day) for day in meant)
    for day in meant:
        if rule.is_met(born, day):
            assert born.isoformat()[5:] in rule.texts(day)
            assert set(rule.texts(day)) <= set(rule.texts_around(day))


@pytest.mark.parametrize(
    ("value", "zone", "day"),
    [
        ("1990-11-30", "Pacific/Kiritimati", "1990-11-30"),
        ("2026-11-30T23:30:00+00:00", "Europe/Berlin", "2026-12-01"),
        ("2026-11-30T23:30:00+00:00", "America/New_York", "2026-11-30"),
        ("2026-11-31", "UTC", None),
        ("soon", "UTC", None),
        ("", "UTC", None),
        (None, "UTC", None),
        (["2026-11-30"], "UTC", None),
    ],
)
def test_a_field_says_a_day_or_none(value: object, zone: str, day: str | None) -> None:
    assert turns.day_of(value, ZoneInfo(zone)) == (date.fromisoformat(day) if day else None)
