"""Read times as clients write them: ISO 8601 and its relatives, the dates of mails and headers, numbers since 1970."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# From which on a number counts a smaller unit: 1e11 seconds lie in the year 5138, 1e11 milliseconds in 1973.
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_NUMBER: Final = re.compile(r"-?\d{9,}(\.\d+)?", re.ASCII)  # fewer digits may be a date
_ZONE: Final = re.compile(r"\s*(UTC|GMT)\Z|\s+(?=[+-]\d\d:?\d\d\Z)", re.IGNORECASE)
_MIDNIGHT: Final = re.compile(r"(?<=[T ])24(?=:?00(:?00([.,]0+)?)?(\D|\Z))", re.IGNORECASE)
_LEAP_SECOND: Final = re.compile(r"(?<=[T ]\d\d:\d\d:)60", re.IGNORECASE)
# Java and Go name the zone behind its offset: 2026-11-20T11:00+01:00[Europe/Berlin], 2026-11-20 10:00:00 +0000 UTC.
_NAMED_ZONE: Final = re.compile(r"(Z|[+-]\d\d:?\d\d)(?:\[[\w/+-]+\]| [A-Z]{3,4})\Z", re.ASCII)
_SLASHES: Final = re.compile(r"\A(\d{4})/(\d\d)/(\d\d)(?=\Z|[T ])", re.ASCII)
# A day with a zone, or with a time? Python takes the one for the other.
_DAY_AND_MORE: Final = re.compile(r"(?:\d{4}-\d\d-\d\d|\d{8})[+-]", re.ASCII)
# The dates of mails, headers, browsers, C and Java, to the letter: what is left over might change the hour. Of zones,
# those are left out of which only their neighbours know.
_CLOCK: Final = r"(?P<clock>\d\d?:\d\d(?::\d\d)?)"
_OFFSET: Final = r"(?: ?(?:GMT|UTC|UT|Z))?(?P<zone> ?[+-]\d\d:?\d\d| [ECMP][SD]T)?(?: \(.*\))?"
_WORDS: Final = tuple(
    re.compile(rf"(?:[A-Za-z]{{3,9}},? )?{form}", re.ASCII)
    for form in (
        rf"(?P<day>\d\d?)[ -](?P<month>[A-Za-z]{{3}})[ -](?P<year>\d{{4}}|\d\d) {_CLOCK}{_OFFSET}",
        rf"(?P<month>[A-Za-z]{{3}}) +(?P<day>\d\d?) {_CLOCK}{_OFFSET} (?P<year>\d{{4}})",
        rf"(?P<month>[A-Za-z]{{3}}) +(?P<day>\d\d?),? (?P<year>\d{{4}}) {_CLOCK}{_OFFSET}",
    )
)
_MAX_LENGTH: Final = 100
# Differences between clocks that are smaller are the network's delay, or that of a clock of whole seconds.
TOLERATED_SKEW: Final = timedelta(minutes=1)


class TimeError(ValueError):
    """The time of an event cannot be understood, or cannot be."""


def read(claimed: Any) -> datetime | None:
    """Return the time in UTC, None when nothing is said. Raises TimeError when it cannot be understood.

    A text without a zone is UTC. Numbers, also as text, are seconds, milliseconds, microseconds or nanoseconds.
    """
    if claimed is None or claimed == "":
        return None
    if isinstance(claimed, datetime):
        return claimed
    try:
        if isinstance(claimed, str):
            return _text(claimed.strip())
        if isinstance(claimed, int | float) and not isinstance(claimed, bool):
            return _number(claimed)
    except (ValueError, OverflowError):
        raise TimeError("is not a time that exists") from None
    raise TimeError("must be ISO 8601 text, or a number of seconds or milliseconds")


def _text(text: str) -> datetime:
    if len(text) > _MAX_LENGTH:
        raise ValueError(text)
    if _NUMBER.fullmatch(text):
        return _number(float(text) if "." in text else int(text))
    if _DAY_AND_MORE.match(text):
        raise ValueError(text)
    try:
        return _in_utc(datetime.fromisoformat(text))
    except ValueError:
        return _relative(text)


def _number(number: float) -> datetime:
    unit = next((unit for least, unit in _UNITS if abs(number) >= least), 1)
    if isinstance(number, int) and unit > 1:  # exact: a float has no room for nanoseconds
        return _EPOCH + timedelta(microseconds=number * 1_000_000 // int(unit))
    return _EPOCH + timedelta(seconds=number / unit)


def _relative(text: str) -> datetime:
    """Read what is no ISO text to the letter, where it can only mean one time."""
    words = next(filter(None, (form.fullmatch(text) for form in _WORDS)), None)
    if words:
        return _worded(**words.groupdict())
    text = _NAMED_ZONE.sub(r"\1", _SLASHES.sub(r"\1-\2-\3", text))
    text = _ZONE.sub(lambda found: "Z" if found[1] else "", text).upper()
    later = timedelta()
    if _MIDNIGHT.search(text):  # the end of the day is the beginning of the next one
        text, later = _MIDNIGHT.sub("00", text), timedelta(days=1)
    elif _LEAP_SECOND.search(text):
        text, later = _LEAP_SECOND.sub("59", text), timedelta(seconds=1)
    return _in_utc(datetime.fromisoformat(text)) + later


def _worded(day: str, month: str, year: str, clock: str, zone: str | None) -> datetime:
    offset = (zone or "+0000").strip().replace(":", "")
    try:
        return _in_utc(parsedate_to_datetime(f"{day} {month} {year} {clock} {offset}"))
    except (TypeError, IndexError):  # as it fails on some texts
        raise ValueError(year) from None


def _in_utc(found: datetime) -> datetime:
    if found.tzinfo is UTC:
        return found
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
