"""What `| filter` does in templates; null stays null, so that `default` can come at the end.

Each takes and gives JSON; what makes no sense of a value raises Failure, whose text has no data in it.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import wraps
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.utils import dateformat, timezone
from markupsafe import Markup, escape

from apps.core import paths
from apps.core.ids import as_uuid
from apps.core.paths import MISSING
from apps.core.templating import is_nothing
from apps.events import links
from apps.flows.engine.moves import Failure
from apps.flows.moments.zones import named_zone
from apps.flows.templates import coding, work
from apps.flows.templates.channels import plain, text_of
from apps.profiles import conversions

MAX_CHARS: Final = 500_000  # of a text that is filled, and of each value on the way
MAX_FORMAT: Final = 200  # characters by which a time is written: each of them is much work
Filter = Callable[..., Any]
FILTERS: Final[dict[str, Filter]] = {}
_QUICK: Final = frozenset({"first", "last", "take", "length"})  # they go through nothing, however long it is


def _filter(function: Filter) -> Filter:
    """Make a function a filter: null stays null, what it goes through counts, and no text is longer than one may be."""

    @wraps(function)
    def bounded(value: Any, *args: Any, **named: Any) -> Any:
        if value is None:
            return None
        if not is_quick:
            work.go_through(value)
            for each in (*args, *named.values()) if args or named else ():
                work.go_through(each)
        try:
            return _bounded(function(value, *args, **named))
        except (ValueError, TypeError, AttributeError, ArithmeticError):
            raise Failure(f"The filter {name} cannot be used on such a value.") from None

    name = function.__name__.rstrip("_")
    is_quick = name in _QUICK
    FILTERS[name] = bounded
    return bounded


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        _enough_room(len(value))
    work.go_through(value)
    return value


def _default(value: Any, other: Any = "") -> Any:
    """Something else, where the value is missing, null, blank or without items."""
    return other if is_nothing(value) else value


FILTERS["default"] = _default


# --- texts


@_filter
def upper(value: Any) -> str:
    """In capitals."""
    return text_of(value).upper()


@_filter
def lower(value: Any) -> str:
    """In small letters."""
    return text_of(value).lower()


@_filter
def title(value: Any) -> str:
    """Each word with a capital letter: anna maria is Anna Maria, and o'neill O'neill."""
    return " ".join(word[:1].upper() + word[1:] for word in text_of(value).split(" "))


@_filter
def capitalize(value: Any) -> str:
    """The first letter as a capital; the others stay."""
    text = text_of(value)
    return text[:1].upper() + text[1:]


@_filter
def trim(value: Any) -> str:
    """Without blanks at both ends."""
    return text_of(value).strip()


@_filter
def truncate(value: Any, length: int = 100, end: str = "…") -> str:
    """At most so many characters, cut between words where that can be."""
    text = text_of(value)
    if len(text) <= length:
        return text
    cut = text[: max(0, length - len(end))]
    whole = cut.rpartition(" ")[0] if " " in cut else cut
    return whole.rstrip() + end


@_filter
def replace(value: Any, old: str, new: str = "") -> str:
    """With one text in the place of another."""
    text = text_of(value)
    _enough_room(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


@_filter
def split(value: Any, separator: str = ",") -> list[str]:
    """The parts between separators, without blanks around them."""
    return [part.strip() for part in text_of(value).split(separator)]


@_filter
def urlencode(value: Any) -> str:
    """As a part of an address."""
    return quote(text_of(value), safe="")


@_filter
def json_(value: Any) -> str:
    """As JSON."""
    return json.dumps(plain(value), ensure_ascii=False)


@_filter
def lines(value: Any) -> Markup:
    """With `<br>` for the ends of lines, in HTML."""
    return Markup("<br>".join(escape(text_of(value)).splitlines()))  # noqa: S704 - it is escaped


for _each in (coding.hash_, coding.mask, coding.base64_, coding.unbase64, coding.slug, coding.remove, coding.type_):
    _filter(_each)


# --- lists


@_filter
def join(value: Any, separator: str = ", ") -> str:
    """The items, with something between them."""
    items = [text_of(item) for item in _items(value)]
    _enough_room(sum(map(len, items)) + len(items) * len(separator))
    return separator.join(items)


@_filter
def first(value: Any) -> Any:
    """The first item, or null."""
    return next(iter(_items(value)), None)


@_filter
def last(value: Any) -> Any:
    """The last item, or null."""
    items = _items(value)
    return items[-1] if items else None


@_filter
def take(value: Any, n: int) -> list[Any]:
    """The first so many items."""
    return list(_items(value)[: max(0, n)])


@_filter
def length(value: Any) -> int:
    """The number of items, or of characters."""
    return len(value if isinstance(value, list | dict | str) else text_of(value))


@_filter
def pluck(value: Any, path: str) -> list[Any]:
    """What each item has at a path: `event@properties.items | pluck("name")`."""
    found = [paths.get(item, path) for item in _items(value)]
    return [each for each in found if each is not MISSING]


@_filter
def unique(value: Any) -> list[Any]:
    """Each item once, the first of them."""
    kept: dict[Any, Any] = {}
    for item in _items(value):
        kept.setdefault(_identity(item), item)
    return list(kept.values())


@_filter
def sort(value: Any, path: str = "") -> list[Any]:
    """In their order, or that of what they have at a path."""
    found = [(paths.get(item, path) if path else item, item) for item in _items(value)]
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


@_filter
def sum_(value: Any) -> int | float:
    """The sum of numbers."""
    return _number(sum((_decimal(item) for item in _items(value)), Decimal()))


@_filter
def min_(value: Any) -> Any:
    """The least of numbers, or of texts; null of none."""
    return min(_items(value), default=None)


@_filter
def max_(value: Any) -> Any:
    """The greatest of numbers, or of texts; null of none."""
    return max(_items(value), default=None)


@_filter
def items(value: Any) -> list[list[Any]]:
    """Name and value of each entry of an object: `{% for name, value in payload@prices | items %}`."""
    return [[key, each] for key, each in value.items()]


# --- numbers


@_filter
def round_(value: Any, places: int = 0) -> int | float:
    """Rounded; a half goes up."""
    return _number(_rounded(_decimal(value), places))


@_filter
def number(value: Any, places: int = 0, decimal: str = ".", group: str = ",") -> str:
    """With so many decimal places, and groups of three digits: `1234.5 | number(2)` is 1,234.50."""
    return _written(value, places, decimal, group)


@_filter
def money(value: Any, currency: str = "", decimal: str = ".", group: str = ",") -> str:
    """With two decimal places, and a currency after it: `1234.5 | money("EUR")` is 1,234.50 EUR."""
    return f"{_written(value, 2, decimal, group)} {currency}".strip()


# --- addresses


@_filter
def tracked(value: Any, link: Any, session: Any = "") -> str:
    """By way of a tracked link that takes signed targets: `"https://shop.example/cart" | tracked("id of the link")`."""
    link_id = as_uuid(text_of(link).strip())
    if link_id is None:
        raise Failure("The filter tracked needs the id of a tracked link, as it stands in its address.")
    if not settings.PUBLIC_URL:
        raise Failure("The filter tracked needs PUBLIC_URL, the address under which people reach us.")
    return links.signed_address(settings.PUBLIC_URL, link_id, text_of(value).strip(), session_id=text_of(session or ""))


# --- times


@_filter
def date_(value: Any, format: str = "j M Y", zone: str = "") -> str:
    """A day or a time, by the letters of Django's dates, a time in a zone: `date("j M Y, H:i", "Europe/Oslo")`."""
    if len(format) > MAX_FORMAT:
        raise Failure(f"A time is written by more than {MAX_FORMAT} characters.")
    moment = _moment(value)
    if isinstance(moment, datetime):
        moment = moment.astimezone(zone_named(zone) if zone else timezone.get_default_timezone())
    return dateformat.format(moment, format)


def zone_named(name: str) -> tzinfo:
    """Return a time zone. Raises Failure where there is none of that name."""
    zone = named_zone(name)
    if zone is None:
        raise Failure(f"There is no time zone {name[:60]}.")
    return zone


def _moment(value: Any) -> date:
    if isinstance(value, date):
        return value
    text = text_of(value).strip()
    if len(text) == len("2026-01-31"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(str(conversions.moment(value)))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# --- parts of several


def _items(value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise Failure("There is no list where a filter needs one.")
    return value


def _identity(value: Any) -> tuple[type | None, Any]:
    """Return what values that are the same have in common: as `same` has it, where true is not 1, and 1.0 is."""
    if isinstance(value, dict | list | tuple):
        return list, json.dumps(plain(value), sort_keys=True)
    return (bool if isinstance(value, bool) else None), value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise Failure("There is no number where a filter needs one.")
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise Failure("There is no number where a filter needs one.") from None
    if not found.is_finite() or abs(found.adjusted()) > 30:
        raise Failure("A number is too large, or none.")
    return found


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-min(max(places, 0), 20)), rounding=ROUND_HALF_UP)


def _written(value: Any, places: int, decimal: str, group: str) -> str:
    written = f"{_rounded(_decimal(value), places):,.{min(max(places, 0), 20)}f}"
    return written.translate({ord("."): decimal, ord(","): group})


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _enough_room(n_chars: int) -> None:
    if n_chars > MAX_CHARS:
        raise Failure(f"A text is longer than {MAX_CHARS} characters.")
