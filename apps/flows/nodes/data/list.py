"""Lists put in order, counted and compared."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from apps.conditions.values import distinct_key
from apps.core import paths
from apps.core.paths import MISSING, PathError
from apps.core.typed_settings import choice, text, yes_no
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.data.given import given, listed
from apps.flows.nodes.results import into, placed

MAX_ITEMS: Final = 500
SORT, UNIQUE, COUNT, MAX, MIN = "sort", "unique", "count", "max", "min"
_OF_ONE: Final = {
    SORT: "Put it in order",
    UNIQUE: "Each value once",
    COUNT: "How often each value is there",
    MAX: "The greatest item",
    MIN: "The least item",
}
_OF_TWO: Final = {
    "union": "What is in either list",
    "intersection": "What is in both",
    "difference": "What is in the first alone",
    "symmetric_difference": "What is in one of them alone",
    "is_subset": "Whether all of the first is in the other",
    "is_superset": "Whether all of the other is in the first",
}
_NAME, _VALUE = "name", "value"


@register
class WorkOnList(Node):
    """A list is put in order or counted, or compared with another one, and the payload gets what comes of it.

    An object counts as a list of its entries, which go by their values: {"name": "shoes", "value": 3}. Numbers come
    before texts, which go by their letters, large or small; items without a value come last. Counting gives `n`,
    `values` (the most frequent first, each with its `n`), `most` and `least`. The least and the greatest of no items
    are null. A list has at most 500 items: to work on so many takes some milliseconds.
    """

    key, group, title, icon, order = "list", "data", "Work on a list", "format_list_numbered", 80
    has_error_port = True
    example = {"operation": SORT, "list": "event@properties.items", "by": "price", "into": "by_price"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is done to which lists."""

        operation: str = choice("What is done", {**_OF_ONE, **_OF_TWO}, default=SORT)
        list_: str = given("List", help="A reference to a list or an object: event@properties.items.")
        other: str = given("Other list", when=("operation", *_OF_TWO), help="A reference: profile@traits.tags.")
        by: str = text(
            "By",
            default="",
            when=("operation", *_OF_ONE),
            help="Where its value is in an item: price. Empty: the item.",
        )
        is_descending: bool = yes_no("The greatest first", default=False, when=("operation", SORT))
        into: str = into("result")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._list = place.value("list", settings.list_)
        self._other = place.value("other", settings.other)
        try:
            self._path = paths.parse(settings.by) if settings.by else ()
        except PathError as error:
            place.refuse("by", str(error))

    def run(self, step: Step) -> Move:
        """Do it."""
        said, found = self._settings, self._list(step.scope)
        if said.operation in _OF_TWO:
            result: Any = _of_two(said.operation, _worked_on(found), _worked_on(self._other(step.scope)))
        else:
            result = self._of_one(found)
        return Go(payload=placed(step.payload, said.into, result))

    def _of_one(self, found: Any) -> Any:
        path = self._path
        if isinstance(found, dict):
            found, path = [{_NAME: name, _VALUE: value} for name, value in found.items()], path or (_VALUE,)
        items = [(item, paths.get(item, path)) for item in _worked_on(found)]
        match self._settings.operation:
            case "sort":
                return _sorted(items, is_descending=self._settings.is_descending)
            case "unique":
                return list(_first_of_each(items).values())
            case "count":
                return _counted([value for _, value in items if value is not MISSING])
        return _extreme(items, max if self._settings.operation == MAX else min)


def _worked_on(value: Any) -> list[Any]:
    return listed(value, most=MAX_ITEMS)


def _extreme(items: list[tuple[Any, Any]], of: Callable[..., Any]) -> Any:
    """Return the item with the least value, or the greatest; nothing of none."""
    there = [pair for pair in items if not _is_nothing(pair[1])]
    return of(there, key=lambda pair: _rank(pair[1]))[0] if there else None


def _sorted(items: list[tuple[Any, Any]], *, is_descending: bool) -> list[Any]:
    """Order items by their values; those without one come last."""
    there = [pair for pair in items if not _is_nothing(pair[1])]
    there.sort(key=lambda pair: _rank(pair[1]), reverse=is_descending)
    return [item for item, _ in there] + [item for item, value in items if _is_nothing(value)]


def _rank(value: Any) -> tuple[Any, ...]:
    """Return what has an order whatever values are: numbers, texts, yes and no, and all else as it stands."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    return (1, value.casefold(), value) if isinstance(value, str) else (3,)


def _is_nothing(value: Any) -> bool:
    return value is None or value is MISSING


def _counted(values: list[Any]) -> dict[str, Any]:
    """Count how often each value is there."""
    first = _first_of_each((value, value) for value in values)
    counts = Counter(map(distinct_key, values)).most_common()
    return {
        "n": len(values),
        "values": [{_VALUE: first[key], "n": n} for key, n in counts],
        "most": first[counts[0][0]] if counts else None,
        "least": first[counts[-1][0]] if counts else None,
    }


def _of_two(operation: str, one: list[Any], other: list[Any]) -> Any:
    """Compare two lists; of what both have, that of the first is taken."""
    ours, theirs = (_first_of_each((value, value) for value in values) for values in (one, other))
    results: dict[str, Callable[[], Any]] = {
        "union": lambda: list({**ours, **theirs, **ours}.values()),
        "intersection": lambda: [value for key, value in ours.items() if key in theirs],
        "difference": lambda: [value for key, value in ours.items() if key not in theirs],
        "symmetric_difference": lambda: [
            *(value for key, value in ours.items() if key not in theirs),
            *(value for key, value in theirs.items() if key not in ours),
        ],
        "is_subset": lambda: ours.keys() <= theirs.keys(),
        "is_superset": lambda: ours.keys() >= theirs.keys(),
    }
    return results[operation]()


def _first_of_each(items: Iterable[tuple[Any, Any]]) -> dict[object, Any]:
    """Return the first item of each value, in their order."""
    found: dict[object, Any] = {}
    for item, value in items:
        found.setdefault(distinct_key(value), item)
    return found
