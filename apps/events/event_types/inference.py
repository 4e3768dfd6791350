"""What senders really send: the fields of recent events, a schema that they fit, and how far a schema has drifted.

A field is named by its dotted path; `items[]` stands for each item of a list.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MAX_FIELDS: Final = 500  # an object whose keys are ids has as many fields as events
MAX_DEPTH: Final = 12
MAX_ITEMS: Final = 50  # of a list that are looked at
_TYPES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "boolean"),  # before int: a truth value is one in Python
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


@dataclass(slots=True)
class Seen:
    """A place in the properties: in how many of its holders it was, as which types, and what was below it."""

    count: int = 0
    types: Counter[str] = field(default_factory=Counter)
    fields: dict[str, "Seen"] = field(default_factory=dict)  # of those that were objects
    items: "Seen | None" = None  # of those that were lists


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between the schema and what was seen."""

    field: str
    kind: str  # new, missing, changed
    count: int
    of: int
    detail: str


@dataclass(slots=True)
class _Budget:
    """How many more fields may be noted."""

    left: int = MAX_FIELDS


def observe(samples: Iterable[Mapping[str, Any]]) -> Seen:
    """Walk through the properties of events and note each field; at most MAX_FIELDS of them."""
    root, budget = Seen(), _Budget()
    for properties in samples:
        _note(root, properties, budget, depth=0)
    return root


def _note(seen: Seen, value: object, budget: _Budget, *, depth: int) -> None:
    seen.count += 1
    seen.types[type_of(value)] += 1
    if depth == MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            below = seen.fields.get(name)
            if below is None:
                if not budget.left:
                    continue
                budget.left -= 1
                below = seen.fields[name] = Seen()
            _note(below, item, budget, depth=depth + 1)
    elif isinstance(value, list) and value:
        seen.items = seen.items or Seen()
        for item in value[:MAX_ITEMS]:
            _note(seen.items, item, budget, depth=depth + 1)


def type_of(value: object) -> str:
    """Name the type of a value as JSON Schema does."""
    return next((name for type_, name in _TYPES if isinstance(value, type_)), "null")


def flat(seen: Seen, prefix: str = "") -> Iterator[tuple[str, Seen, int]]:
    """Yield (path, what was seen there, how many holders it could have been in), in the order of sending."""
    n_objects = seen.types["object"]
    for name, below in seen.fields.items():
        path = f"{prefix}.{name}" if prefix else name
        yield path, below, n_objects
        yield from flat(below, path)
    if seen.items is not None:
        yield f"{prefix}[]", seen.items, seen.items.count
        yield from flat(seen.items, f"{prefix}[]")


def propose(seen: Seen) -> dict[str, Any]:
    """Return the schema that all of the samples fit: their types, and as required what each of them had."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(seen)}


def _schema(seen: Seen) -> dict[str, Any]:
    # A price of 5 says nothing against one of 4.99.
    types = sorted(seen.types.keys() - ({"integer"} if "number" in seen.types else set()))
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    if seen.fields:
        required = [name for name, below in seen.fields.items() if below.count == seen.types["object"]]
        schema |= {"required": required} if required else {}
        schema["properties"] = {name: _schema(below) for name, below in seen.fields.items()}
    if seen.items is not None:
        schema["items"] = _schema(seen.items)
    return schema


def drift(schema: Mapping[str, Any], seen: Seen) -> list[Drift]:
    """Compare a schema with what was seen: fields that it does not name, that are not sent, or of another type.

    Only what it says outright is compared (type, properties, required, items); where it uses other words it is taken
    to allow whatever was seen.
    """
    return [*_drift(schema, seen, "")]


def _drift(schema: Mapping[str, Any], seen: Seen, path: str) -> Iterator[Drift]:
    yield from _changed(schema, seen, path)
    known = schema.get("properties")
    if isinstance(known, Mapping):
        n_objects = seen.types["object"]
        for name, below in seen.fields.items():
            inner = f"{path}.{name}" if path else name
            if name not in known:
                yield Drift(inner, "new", below.count, n_objects, ", ".join(sorted(below.types)))
            elif isinstance(known[name], Mapping):
                yield from _drift(known[name], below, inner)
        yield from _missing(schema, known, seen, path)
    items = schema.get("items")
    if isinstance(items, Mapping) and seen.items is not None:
        yield from _drift(items, seen.items, f"{path}[]")


def _changed(schema: Mapping[str, Any], seen: Seen, path: str) -> Iterator[Drift]:
    allowed = schema.get("type")
    if allowed is None:
        return
    names = {allowed} if isinstance(allowed, str) else set(allowed)
    fitting = names | ({"integer"} if "number" in names else set())
    other = {name: count for name, count in seen.types.items() if name not in fitting}
    if other:
        detail = f"{', '.join(sorted(other))} in place of {', '.join(sorted(names))}"
        yield Drift(path or "(all)", "changed", sum(other.values()), seen.count, detail)


def _missing(schema: Mapping[str, Any], known: Mapping[str, Any], seen: Seen, path: str) -> Iterator[Drift]:
    n_objects = seen.types["object"]
    required = set(schema.get("required") or ())
    for name in dict.fromkeys([*known, *sorted(required)]):
        count = seen.fields[name].count if name in seen.fields else 0
        if n_objects and count < n_objects and (name in required or not count):
            detail = "required" if name in required else "never sent"
            yield Drift(f"{path}.{name}" if path else name, "missing", n_objects - count, n_objects, detail)
