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
# The dates of mails, headers and browsers. Zones of which only their neighbours know are left out.
_WORDS: Final = re.compile(r"([A-Za-z]{3},? .*?\d)(?: ?(?:GMT|UTC|UT))?( ?[+-]\d{4}| [ECMP][SD]T)?(?: \(.*\))?")
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
    words = _WORDS.fullmatch(text)
    if words:
        try:
            return _in_utc(parsedate_to_datetime(" ".join(filter(None, words.groups()))))
        except (TypeError, IndexError):  # as it fails on some texts
            raise ValueError(text) from None
    text = _ZONE.sub(lambda found: "Z" if found[1] else "", text).upper()
    later = timedelta()
    if _MIDNIGHT.search(text):  # the end of the day is the beginning of the next one
        text, later = _MIDNIGHT.sub("00", text), timedelta(days=1)
    elif _LEAP_SECOND.search(text):
        text, later = _LEAP_SECOND.sub("59", text), timedelta(seconds=1)
    return _in_utc(datetime.fromisoformat(text)) + later


def _in_utc(found: datetime) -> datetime:
    if found.tzinfo is UTC:
        return found
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
