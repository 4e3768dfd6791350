"""Moments found by looking at a clock each minute, and moments near those at which clocks change."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "America/Sao_Paulo",  # at midnight, until 2019
    "Asia/Kolkata",  # never
    "Pacific/Apia",  # and a day that it skipped
)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def reading(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def minutes(now: datetime, *, days: int) -> Iterator[datetime]:
    """Yield this moment, and each full minute after it."""
    yield now
    moment = now.replace(second=0, microsecond=0)
    while moment < now + days * DAY:
        moment += MINUTE
        yield moment


def first(now: datetime, fits: Callable[[datetime], bool], *, days: int = 16) -> datetime:
    return next(moment for moment in minutes(now, days=days) if fits(moment))


@cache
def changes(zone: ZoneInfo) -> list[datetime]:
    """List when clocks changed, to the hour before."""
    found = []
    moment = datetime(2008, 1, 1, tzinfo=UTC)
    while moment.year < 2031:
        if moment.astimezone(zone).utcoffset() != (moment + HOUR).astimezone(zone).utcoffset():
            found.append(moment)
        moment += HOUR
    return found


TIMES_OF_DAY = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 45, 59]))
WEEKDAYS = st.sets(st.integers(0, 6), min_size=1)
ANY_TIME = st.datetimes(
    datetime.fromisoformat("2008-01-01"), datetime.fromisoformat("2030-12-31"), timezones=st.just(UTC)
)


@st.composite
def zones_and_moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """Draw a zone, and a moment: often near one at which its clocks change."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    if not changes(zone) or draw(st.integers(0, 3)) == 0:
        return zone, draw(ANY_TIME)
    near = draw(st.timedeltas(-2 * DAY, timedelta(hours=3)))
    return zone, draw(st.sampled_from(changes(zone))) + near
