"""Trees as JSON, for builders that people click: each node is an object with its `type` and its parts.

{"version": 1, "condition": {"type": "compare", "op": ">=",
    "left": {"type": "field", "path": "profile@visits.count"}, "right": {"type": "literal", "value": 18}}}
"""

from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from apps.conditions import tree as nodes
from apps.conditions.durations import Duration
from apps.conditions.exceptions import ConditionError, TreeError
from apps.conditions.parse import parse_field
from apps.conditions.tree import MAX_DEPTH, MAX_NODES, Condition, Field, Node, check

VERSION: Final = 1
_KINDS: Final[dict[str, type[Any]]] = {
    "and": nodes.And,
    "or": nodes.Or,
    "not": nodes.Not,
    "compare": nodes.Compare,
    "between": nodes.Between,
    "in": nodes.In,
    "exists": nodes.Exists,
    "empty": nodes.Empty,
    "match": nodes.Match,
    "items": nodes.Items,
    "did": nodes.Did,
    "sequence": nodes.Sequence,
    "consent": nodes.Consent,
    "events": nodes.Events,
    "step": nodes.Step,
    "last": nodes.Last,
    "since": nodes.Since,
    "before": nodes.Before,
    "from_to": nodes.FromTo,
    "literal": nodes.Literal,
    "list": nodes.ListLiteral,
    "field": nodes.Field,
    "call": nodes.Call,
    "shift": nodes.Shift,
    "aggregate": nodes.Aggregate,
    "duration": Duration,
}
# What people call values that are no nodes.
_PLAIN: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", NoneType: "null"}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
# The parts of each kind, and what they may be.
_HINTS: Final = {kind: get_type_hints(kind) for kind in _KINDS.values()}


def to_json(condition: Condition) -> dict[str, Any]:
    """Return the JSON form of a condition."""
    return {"version": VERSION, "condition": _encode(condition)}


def from_json(document: object) -> Condition:
    """Read the JSON form of a condition. Raises ConditionError, whose `path` says where something is wrong."""
    if not isinstance(document, dict) or document.get("version") != VERSION:
        message = f'A condition is an object with "version": {VERSION} and its "condition".'
        raise ConditionError(message)
    _check_size(document)
    condition: Condition = _decode(document.get("condition"), Condition, "condition")
    try:
        check(condition)
    except TreeError as error:
        raise ConditionError(error.message, path="condition") from None
    return condition


def _encode(part: Any) -> Any:
    if isinstance(part, Field):
        return {"type": "field", "path": str(part)}
    if type(part) in _NAMES:
        return {"type": _NAMES[type(part)], **{each.name: _encode(getattr(part, each.name)) for each in fields(part)}}
    return [_encode(item) for item in part] if isinstance(part, tuple) else part


def _check_size(document: object) -> None:
    """Refuse what is larger, or nested deeper, than any tree: decoding recurses."""
    level, n_parts, depth = [document], 0, 0
    while level:
        n_parts, depth = n_parts + len(level), depth + 1
        if n_parts > 10 * MAX_NODES or depth > 3 * MAX_DEPTH:
            message = f"A condition has at most {MAX_NODES} parts, nested at most {MAX_DEPTH} deep."
            raise ConditionError(message)
        level = [child for part in level if isinstance(part, dict | list) for child in _parts(part)]


def _parts(container: dict[str, Any] | list[Any]) -> list[Any]:
    return list(container.values()) if isinstance(container, dict) else container


def _decode_list(data: Any, expected: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ConditionError("Expected a list.", path=path)
    return tuple(_decode(item, expected, f"{path}.{index}") for index, item in enumerate(data))


def _decode(data: Any, expected: Any, path: str) -> Any:
    """Read what stands at a path as what a tree has there: a node, several, or a plain value."""
    if get_origin(expected) is tuple:
        return _decode_list(data, get_args(expected)[0], path)
    choices = get_args(expected) if get_origin(expected) in (Union, UnionType) else (expected,)
    kinds = tuple(choice for choice in choices if issubclass(choice, Node | Duration))
    if kinds and not (data is None and NoneType in choices):
        return _decode_node(data, kinds, path)
    if type(data) in choices:
        return data
    names = " or ".join(_PLAIN[choice] for choice in choices if choice in _PLAIN)
    raise ConditionError(f"Expected {names}.", path=path)


def _decode_node(data: Any, kinds: tuple[type, ...], path: str) -> Any:
    kind = _KINDS.get(data.get("type", "")) if isinstance(data, dict) and isinstance(data.get("type"), str) else None
    if kind is None or not issubclass(kind, kinds):
        known = [name for name, each in _KINDS.items() if issubclass(each, kinds)]
        raise ConditionError(f"Expected an object whose type is one of {', '.join(known)}.", path=path)
    try:
        if kind is Field:
            return parse_field(_decode(data.get("path"), str, f"{path}.path"))
        return kind(**_decode_parts(data, kind, path))
    except TreeError as error:
        raise ConditionError(error.message, path=path, suggestion=error.suggestion) from None


def _decode_parts(data: dict[str, Any], kind: type[Any], path: str) -> dict[str, Any]:
    hints = _HINTS[kind]
    unknown = data.keys() - hints.keys() - {"type"}
    if unknown:
        raise ConditionError(f"There is no '{min(unknown)}' here; there are {', '.join(hints)}.", path=path)
    missing = {each.name for each in fields(kind) if each.default is MISSING} - data.keys()
    if missing:
        raise ConditionError(f"'{min(missing)}' is missing.", path=path)
    return {name: _decode(data[name], hint, f"{path}.{name}") for name, hint in hints.items() if name in data}
