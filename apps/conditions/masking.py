"""Conditions without what they may say of people: their values, and names that are values themselves."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from apps.conditions.text import MASK
from apps.conditions.tree import (
    Condition,
    Consent,
    Events,
    Field,
    Literal,
    Masked,
    Node,
    Step,
    ValueTest,
    rebuilt,
)

_SPEAKING: Final = re.compile(r"@|\d{6}")  # an address or a number where a name should be


def masked(condition: Condition, *, keeps: Callable[[Node], bool] = lambda _: False) -> str:
    """Write a condition to be read, and not to be parsed: the values of all tests are hidden but of those it keeps."""
    return str(_masked(condition, keeps))


def _masked(node: Node, keeps: Callable[[Node], bool]) -> Node:
    if isinstance(node, ValueTest) and not keeps(node):
        return _without_values(node)
    return _renamed(rebuilt(node, lambda child: _masked(child, keeps)))


def _without_values(node: Node) -> Node:
    if isinstance(node, Literal):
        return Masked(node.value)
    return _renamed(rebuilt(node, _without_values))


def _renamed(node: Node) -> Node:
    changes: dict[str, Any] = {}
    match node:
        case Field(_, keys):
            changes = {"keys": tuple(map(_name, keys))}
        case Events(types) | Step(types):
            changes = {"types": tuple(map(_name, types))}
        case Consent(_, consent):
            changes = {"consent": _name(consent)}
    # The kinds of nodes are dataclasses, not Node.
    return replace(node, **changes) if changes else node  # type: ignore[type-var]


def _name(text: str) -> str:
    return MASK if _SPEAKING.search(text) else text
