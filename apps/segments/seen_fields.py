"""What is in free fields lately: their paths, kinds and some values, from few rows, whatever the tables hold.

Values are offered to everybody who may write conditions; so only such are kept as several people share, and none of
fields whose names tell of one person.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from django.db import connection

from apps.conditions import KnownField
from apps.conditions.tree import Field, Scalar
from apps.events.models import Event, UnplannedType
from apps.profiles.anonymity import is_telling
from apps.profiles.models import Profile

N_PROFILES: Final = 2_000
N_EVENTS: Final = 40  # of each type
N_TYPES: Final = 300
N_LATEST: Final = 1_000
N_UNPLANNED: Final = 200
MAX_FIELDS: Final = 400  # below one root: keys may be ids
MAX_VALUES: Final = 30
MAX_LENGTH: Final = 60
MIN_PEOPLE: Final = 3  # who share a value
MAX_DEPTH: Final = 6
FREE: Final = ("traits", "interests", "stats")
_OF_ONE_PERSON: Final = re.compile(
    r"name|mail|phone|address|street|city|birth|token|url|href|referr|query|search", re.I
)
_LATEST = """
SELECT wanted.type, latest.profile_id, latest.properties, latest.traits FROM unnest(%s::text[]) AS wanted (type),
LATERAL (SELECT profile_id, properties, traits FROM events_event WHERE type = wanted.type ORDER BY id DESC LIMIT %s)
    AS latest
"""


@dataclass(slots=True)
class _Seen:
    """What was in one field: the kinds of its values, and who had which."""

    kinds: Counter[str] = field(default_factory=Counter)
    holders: dict[Scalar, set[Any]] = field(default_factory=lambda: defaultdict(set))


def in_profiles() -> dict[str, KnownField]:
    """Return the free fields of the latest profiles, and the values of some others; by the primary key."""
    rows = Profile.objects.order_by("-id").values_list("id", "country", "data", *FREE)[:N_PROFILES]
    trees = ((row[0], {"country": row[1], "data": row[2], **dict(zip(FREE, row[3:], strict=True))}) for row in rows)
    return _observed("profile", trees)


def types() -> set[str]:
    """Return the types of the latest events, and those that nobody has defined, the latest of them; by their keys."""
    latest = Event.objects.order_by("-id").values_list("type", flat=True)[:N_LATEST]
    # When many enter a segment, all of the latest events may say so.
    unplanned = UnplannedType.objects.order_by("-last_seen_at", "-id").values_list("type", flat=True)[:N_UNPLANNED]
    return {*latest, *unplanned}


def in_events(types: Iterable[str]) -> dict[str, KnownField]:
    """Return the fields of the latest events of each type; by the index on (type, id)."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [list(types)[:N_TYPES], N_EVENTS])
        rows = cursor.fetchall()
    trees = (
        (holder, {"properties": _loaded(properties), "traits": _loaded(traits)})
        for _, holder, properties, traits in rows
    )
    return _observed("event", trees)


def _loaded(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def _observed(root: str, trees: Iterable[tuple[Any, dict[str, Any]]]) -> dict[str, KnownField]:
    seen: dict[tuple[str, ...], _Seen] = {}
    for holder, tree in trees:
        for keys, value in _leaves(tree, ()):
            if keys not in seen and len(seen) >= MAX_FIELDS * len(tree):
                continue
            noted = seen.setdefault(keys, _Seen())
            noted.kinds[_kind(value)] += 1
            items = value if isinstance(value, list) else [value]
            texts = [item for item in items if isinstance(item, str) and 0 < len(item) <= MAX_LENGTH]
            for text in texts:
                noted.holders[text].add(holder)
    return {str(Field(root, keys)): _known(keys, noted) for keys, noted in sorted(seen.items())}


def _leaves(tree: dict[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in tree.items():
        if not key or "\0" in key:
            continue
        if isinstance(value, dict) and len(keys) < MAX_DEPTH:
            yield from _leaves(value, (*keys, key))
        elif value is not None:
            yield (*keys, key), value


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "yes or no"
        case int() | float():
            return "number"
        case str():
            return "text"
        case [*items] if all(isinstance(item, str) for item in items):
            return "list of texts"
    return ""


def _known(keys: tuple[str, ...], seen: _Seen) -> KnownField:
    kind = next(iter(seen.kinds)) if len(seen.kinds) == 1 else ""
    shared = [(len(holders), value) for value, holders in seen.holders.items() if len(holders) >= MIN_PEOPLE]
    often = [value for _, value in sorted(shared, key=lambda pair: (-pair[0], str(pair[1])))[:MAX_VALUES]]
    is_of_one = any(is_telling(key) or _OF_ONE_PERSON.search(key) for key in keys)
    return KnownField(keys[-1].replace("_", " "), kind, () if is_of_one else tuple(sorted(often, key=str)))
