"""What values mean: equality, order, text read as time, letters of either case. docs/conditions.md has the table.

The SQL back end says the same in SQL (sql/operands.py); a law in tests/conditions keeps both together. None stands for
*nothing*: a path that leads nowhere, and null. Both are the same to every operator.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

_DATE: Final = (
    "(?:[1-8][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[1-8][0-9](?:0[48]|[2468][048]|[13579][26])"
    "|(?:1[26]|2[048]|3[26]|4[048]|5[26]|6[048]|7[26]|8[048])00)-02-29)"
)
_CLOCK: Final = "[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?"
_ZONE: Final = "(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
# ISO 8601 as PostgreSQL and Python both read it, days that exist, years 1000 to 8999; without a zone it means UTC.
# Both are written in what the two kinds of regular expressions share.
TIME_WITH_ZONE: Final = f"^{_DATE}{_CLOCK}{_ZONE}$"
TIME_WITHOUT_ZONE: Final = f"^{_DATE}(?:{_CLOCK})?$"
_TIME: Final = re.compile(f"{_DATE}(?:{_CLOCK}{_ZONE}?)?")
_DATE_ONLY: Final = re.compile(_DATE)

# A number in a text, as senders write amounts. Both kinds of regular expressions, and both systems, read it alike.
NUMBER: Final = "^[ \t\n\r]*[+-]?(?:[0-9]{1,40}(?:[.][0-9]{0,40})?|[.][0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?[ \t\n\r]*$"
_NUMBER: Final = re.compile(NUMBER)

NUMBERS: Final = (int, float, Decimal)  # compared by type(): true and false are no numbers
# Up to here a whole number is the same number as a float, so that they compare as they are.
SAFE_INTEGER: Final = 2**53


def _cased(*blocks: tuple[int, int]) -> str:
    """List the capitals of blocks of letters that have exactly one small letter, which has exactly them."""
    capitals = (chr(code) for first, last in blocks for code in range(first, last + 1))
    return "".join(
        letter
        for letter in capitals
        if len(letter.lower()) == 1 and letter.lower() != letter and letter.lower().upper() == letter
    )


# Which letters have two cases is said here rather than left to the database, where it depends on version and locale:
# ASCII; Latin, Cyrillic, Greek, Armenian and the Latin letters of Vietnamese, roughly the most frequent ones first.
CAPITALS: Final = _cased((0xC0, 0xDE), (0x400, 0x42F), (0x386, 0x3AB), (0x100, 0x24F), (0x1E00, 0x1EFF), (0x460, 0x556))
SMALL: Final = "".join(letter.lower() for letter in CAPITALS)
_TO_LOWER: Final = str.maketrans(ascii_uppercase + CAPITALS, ascii_lowercase + SMALL)
_TO_UPPER: Final = str.maketrans(ascii_lowercase + SMALL, ascii_uppercase + CAPITALS)


def lowercase(text: str) -> str:
    """Return the text in small letters."""
    return text.lower() if text.isascii() else text.translate(_TO_LOWER)


def uppercase(text: str) -> str:
    """Return the text in capitals."""
    return text.upper() if text.isascii() else text.translate(_TO_UPPER)


def as_time(value: object) -> datetime | None:
    """Return the time that a value is or that its text says; anything else is nothing."""
    if type(value) is str:
        return _read_time(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return None


def as_day(value: object) -> date | None:
    """Return the day that a text says, by whatever clock it was written, or the day of a time in UTC."""
    time = as_time(value)
    if time is None:
        return None
    return date.fromisoformat(value[:10]) if isinstance(value, str) else time.astimezone(UTC).date()


def number(value: object) -> int | float | Decimal | None:
    """Return the number that a value is or that its text says, with all its digits; yes and no are no numbers."""
    if type(value) is str:
        return _read_number(value)
    return value if type(value) in NUMBERS else None  # type: ignore[return-value]  # one of NUMBERS


def is_date(text: str) -> bool:
    """Tell whether a text says a day without a time."""
    return _DATE_ONLY.fullmatch(text) is not None


@lru_cache(maxsize=8192)
def _read_time(text: str) -> datetime | None:
    if len(text) < 10 or not _TIME.fullmatch(text):
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@lru_cache(maxsize=8192)
def _read_number(text: str) -> int | Decimal | None:
    if not _NUMBER.match(text):
        return None
    found = Decimal(text.strip())
    return int(found) if found == found.to_integral_value() else found


def is_index(key: str) -> bool:
    """Tell whether a key counts the items of a list, too."""
    return key.isascii() and key.isdecimal() and len(key) < 10


def exact(number: Any) -> Any:
    """Return a number as its shortest decimal notation says it, which is what jsonb keeps of a float."""
    return Decimal(repr(number)) if type(number) is float else number


def equal(left: Any, right: Any) -> bool:
    """Tell whether two values are the same: nothing equals nothing, and different types are never equal."""
    if left is None or right is None:
        return left is right
    left_type, right_type = type(left), type(right)
    if left_type is str and right_type is str:
        return bool(left == right)
    if left_type in NUMBERS and right_type in NUMBERS:
        return bool(left == right) if left_type is right_type else bool(exact(left) == exact(right))
    if isinstance(left, datetime) or isinstance(right, datetime):
        at = as_time(left)
        return at is not None and at == as_time(right)
    return left_type is right_type and _equal_of_a_kind(left, right)


def _equal_of_a_kind(left: Any, right: Any) -> bool:
    if type(left) is list:
        return len(left) == len(right) and all(map(equal, left, right))
    if type(left) is dict:
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    return bool(left == right)


def order(left: Any, right: Any) -> int | None:
    """Return -1, 0 or 1 as left is less than, equal to or greater than right; None where they have no order.

    Numbers, texts (by code point) and times have an order among their kind. A text beside a time is read as one.
    """
    left_type, right_type = type(left), type(right)
    if left_type in NUMBERS and right_type in NUMBERS:
        if left_type is not right_type:
            left, right = exact(left), exact(right)
    elif isinstance(left, datetime) or isinstance(right, datetime):
        left, right = as_time(left), as_time(right)
        if left is None or right is None:
            return None
    elif left_type is not str or right_type is not str:
        return None
    return int(left > right) - int(left < right)


def contains(whole: Any, part: Any) -> bool:
    """Tell whether a text has a part, or a list an item."""
    if type(whole) is list:
        return any(equal(item, part) for item in whole)
    return type(whole) is str and type(part) is str and part in whole


def starts_with(whole: Any, part: Any) -> bool:
    """Tell whether a text starts with a part, or a list with an item."""
    if type(whole) is list:
        return bool(whole) and equal(whole[0], part)
    return type(whole) is str and type(part) is str and whole.startswith(part)


def ends_with(whole: Any, part: Any) -> bool:
    """Tell whether a text ends with a part, or a list with an item."""
    if type(whole) is list:
        return bool(whole) and equal(whole[-1], part)
    return type(whole) is str and type(part) is str and whole.endswith(part)


def is_empty(value: Any) -> bool:
    """Tell whether a value is nothing, or a text, list or object without content. Zero and false are something."""
    return value is None or (type(value) in (str, list, dict) and not value)


def distinct_key(value: Any) -> object:
    """Return what is the same for equal values, and can be looked up."""
    if type(value) is list:
        return (list, tuple(distinct_key(item) for item in value))
    if type(value) is dict:
        return (dict, frozenset((key, distinct_key(item)) for key, item in value.items()))
    return exact(value) if type(value) in NUMBERS else (type(value), value)
