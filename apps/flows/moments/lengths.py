"""So long after a moment: days, weeks, months and years by the calendar there, hours and less as time that elapses."""

import hashlib
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from apps.conditions.durations import SECONDS, Duration, shift
from apps.flows.moments.readings import moment_of, reading_at

_BITS: Final = 53  # all that a float tells apart


def fixed(moment: datetime, duration: Duration, *, zone: ZoneInfo) -> datetime:
    """Return the moment that is so long after another one, or before it.

    Ten days after ten o'clock it is ten o'clock there, though clocks changed meanwhile; a day that a month does not
    have is its last one.
    """
    if SECONDS.get(duration.unit, SECONDS["day"]) < SECONDS["day"]:
        return shift(moment, duration)
    reading = reading_at(moment, zone).replace(tzinfo=UTC)
    return moment_of(shift(reading, duration).replace(tzinfo=None), zone)


def random_between(moment: datetime, shortest: Duration, longest: Duration, *, zone: ZoneInfo, seed: str) -> datetime:
    """Return a moment from one length to another one later, each as likely as any; one seed always gives the same."""
    start, end = fixed(moment, shortest, zone=zone), fixed(moment, longest, zone=zone)
    return start + (end - start) * _share(seed)


def _share(seed: str) -> float:
    """Return a number from 0 on, less than 1."""
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    return (drawn >> (256 - _BITS)) / (1 << _BITS)
