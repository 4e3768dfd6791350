"""What can be told of a schema of Avro, parsed, before anything is read by it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

NAMED: Final = "__named_schemas"  # where the parser keeps all schemas that have a name


def is_recursive(schema: Any) -> bool:
    """Tell whether a schema stands within itself, so that what it describes may be of any depth."""
    parts = schema if isinstance(schema, list) else [schema]
    named: dict[str, Any] = {}
    for part in parts:
        named |= part.get(NAMED, {}) if isinstance(part, dict) else {}
    leads = {name: set(_names_in(each, named)) for name, each in named.items()}
    return any(_is_reached(name, leads) for name in leads)


def _names_in(schema: Any, named: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of schemas that are used within one."""
    waiting = [schema]
    while waiting:
        it = waiting.pop()
        if isinstance(it, list):
            waiting += it
        elif isinstance(it, dict):
            waiting += [it.get("type"), it.get("items"), it.get("values")]
            waiting += [each.get("type") for each in it.get("fields", ())]
        elif isinstance(it, str) and it in named:
            yield it


def _is_reached(name: str, leads: Mapping[str, set[str]]) -> bool:
    """Tell whether a name leads to itself."""
    seen, waiting = set[str](), list(leads[name])
    while waiting:
        at = waiting.pop()
        if at == name:
            return True
        if at not in seen:
            seen.add(at)
            waiting += leads[at]
    return False
