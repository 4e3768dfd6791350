"""Conditions as the builder draws them: the JSON form, in which each test also has its text.

The builder shows a test that it cannot draw as that text; an edited one comes back as {"type": "text", "text": "…"}.
"""

from collections.abc import Iterator
from typing import Any

from apps import conditions
from apps.conditions import Condition, ConditionError, from_json, to_json
from apps.conditions.tree import And, Node, Not, Or


def to_builder(condition: Condition) -> dict[str, Any]:
    """Return the JSON form of a condition, with the texts of its tests."""
    document = to_json(condition)
    _add_texts(condition, document["condition"])
    return document


def from_builder(document: object) -> Condition:
    """Read what the builder made. Raises ConditionError, whose `path` says where something is wrong."""
    if isinstance(document, dict) and isinstance(document.get("condition"), dict):
        document = {**document, "condition": _without_texts(document["condition"], "condition")}
    return from_json(document)


def _add_texts(node: Node, data: dict[str, Any]) -> None:
    if isinstance(node, Condition) and not isinstance(node, And | Or | Not):
        data["text"] = str(node)
    for child, below in zip(node.children(), _nodes_below(node, data), strict=True):
        _add_texts(child, below)


def _nodes_below(node: Node, data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the JSON of a node's children, in their order."""
    for name in node.__match_args__:  # type: ignore[attr-defined]
        value, below = getattr(node, name), data.get(name)
        if isinstance(value, Node):
            yield below  # type: ignore[misc]
        elif isinstance(value, tuple):
            yield from (part for item, part in zip(value, below or (), strict=False) if isinstance(item, Node))


def _without_texts(data: Any, path: str) -> Any:
    """Put trees in the places of texts, and leave out what only the builder reads."""
    if isinstance(data, list):
        return [_without_texts(item, f"{path}.{index}") for index, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    if data.get("type") == "text":
        return _parsed(data.get("text"), path)
    kept = {name: value for name, value in data.items() if name != "text"}
    return {name: _without_texts(value, f"{path}.{name}") for name, value in kept.items()}


def _parsed(text: object, path: str) -> Any:
    if not isinstance(text, str):
        raise ConditionError("Expected a text.", path=path)
    try:
        return to_json(conditions.parse(text))["condition"]
    except ConditionError as error:
        raise ConditionError(error.message, path=path, expected=error.expected, suggestion=error.suggestion) from None
