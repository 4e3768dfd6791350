"""What a value must be to be stored in a field of a kind; each raises ValueError, in words for people."""

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from apps.conditions import values
from apps.conditions.spelling import fold
from apps.core.numbers import as_id
from apps.profiles.names import names_nobody

# Our JSON writer knows no greater one, and a number that cannot be written would take the whole batch with it.
_MAX_INTEGER: Final = 2**63 - 1
# A fact is short: the search for people reads names and addresses.
_MAX_TEXT: Final = 2_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MIN_TIMESTAMP: Final = 10**7


def number(value: object) -> int | float:
    """Return the number that the value is, or that its text says. Raises ValueError; yes and no are not numbers."""
    # By type: a truth value is an int in Python.
    if type(value) is int or type(value) is float:
        found = value
    elif isinstance(value, str):
        found = _said(value)
    else:
        message = f"Expected a number, not {_shown(value)}."
        raise ValueError(message)
    if not -_MAX_INTEGER <= found <= _MAX_INTEGER:  # what is no number at all, such as NaN, is not within either
        message = "The number is out of range."
        raise ValueError(message)
    return found


def _said(text: str) -> int | float:
    found = values.number(text)
    if found is None:
        message = f"Expected a number, not {_shown(text)}."
        raise ValueError(message)
    return float(found) if isinstance(found, Decimal) else found


def text(value: object) -> str:
    """Return a text, also of a number."""
    if isinstance(value, str):
        if len(value) > _MAX_TEXT:
            message = f"It is longer than {_MAX_TEXT} characters."
            raise ValueError(message)
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return as_id(value)
    message = f"Expected a text, not {_shown(value)}."
    raise ValueError(message)


def identifier(value: object) -> str:
    """Return a text that names somebody."""
    name = fold(text(value))
    if name and names_nobody(name):
        message = "It names nobody."
        raise ValueError(message)
    return name


def boolean(value: object) -> bool:
    """Return what is true or false."""
    if isinstance(value, bool):
        return value
    message = f"Expected true or false, not {_shown(value)}."
    raise ValueError(message)


def day(value: object) -> str:
    """Return the day that is written, as ISO text: which moment it was there is no matter. Numbers count from 1970."""
    try:
        found = _day_of(value)
        if found is not None and 1000 <= found.year < 9000:
            return found.isoformat()
    except (ValueError, OverflowError):
        pass
    message = f"Expected a date such as 2024-05-31, not {_shown(value)}."
    raise ValueError(message)


def _day_of(value: object) -> date | None:
    if isinstance(value, str):
        written = value.strip()
    else:
        written = str(value) if type(value) in (int, float) else ""
    if len(written) == 8 and written.isdecimal():
        return date.fromisoformat(written)  # 19900501
    found = values.number(value)
    if found is None:
        return datetime.fromisoformat(written).date() if written else None
    # 1e11 seconds lie in the year 5138, 1e11 milliseconds in 1973. Small numbers are ages and years.
    secs = float(found)
    if abs(secs) < _MIN_TIMESTAMP:
        return None
    return (_EPOCH + timedelta(seconds=secs / 1000 if abs(secs) >= 1e11 else secs)).date()


def moment(value: object) -> str:
    """Return the time as ISO text in UTC; a text without an offset means UTC. Such texts sort by time."""
    try:
        at = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        if at is not None:
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
            if 1000 <= at.year < 9000:  # what conditions take for a time
                return at.isoformat()
    except (ValueError, OverflowError):
        pass
    message = f"Expected a date or time such as 2024-05-31T12:00:00Z, not {_shown(value)}."
    raise ValueError(message)


def texts(value: object) -> list[str]:
    """Return a list of texts, also of one."""
    return [text(item) for item in value] if isinstance(value, list) else [text(value)]


def mapping(value: object) -> dict[str, Any]:
    """Return a copy of an object."""
    if value == []:  # so PHP writes an object without entries
        return {}
    if isinstance(value, dict):
        return copy.deepcopy(value)
    message = f"Expected an object, not {_shown(value)}."
    raise ValueError(message)


def _within(limit: int) -> Callable[[object], int | float]:
    def bounded(value: object) -> int | float:
        degrees = number(value)
        if abs(degrees) <= limit:
            return degrees
        message = f"Expected degrees between -{limit} and {limit}, not {degrees}."
        raise ValueError(message)

    return bounded


latitude, longitude = _within(90), _within(180)


def point(value: object) -> list[int | float]:
    """Return [longitude, latitude]."""
    if isinstance(value, list) and len(value) == 2:
        return [longitude(value[0]), latitude(value[1])]
    message = f"Expected [longitude, latitude], not {_shown(value)}."
    raise ValueError(message)


def consent(value: object) -> dict[str, str | None]:
    """Return {"revoke": time or null}: until when the consent holds, null being without end."""
    if not isinstance(value, dict) or "revoke" not in value:
        shown = "an object that does not say until when" if isinstance(value, dict) else _shown(value)
        message = f'Expected an object such as {{"revoke": null}}, not {shown}.'
        raise ValueError(message)
    revoke = value["revoke"]
    return {"revoke": None if revoke is None else moment(revoke)}


def consents(value: object) -> dict[str, Any]:
    """Return the consents by id."""
    return {name: consent(said) for name, said in mapping(value).items()}


def free(value: object) -> object:
    """Return any value as it is."""
    # A copy: the profile goes on to change what it holds, and the event keeps what it said.
    return copy.deepcopy(value) if isinstance(value, (dict, list)) else value


def _shown(value: object) -> str:
    """Name a value in a message; long and nested ones are not repeated, for they may hold anything."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return "a text" if isinstance(value, str) else "a number"
