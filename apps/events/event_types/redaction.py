"""What must never be stored is taken out of the properties before anything else sees them."""

from typing import Any

from apps.core.paths import Path
from apps.events.event_types.rules import EventRules


def redact(properties: dict[str, Any], rules: EventRules) -> dict[str, Any]:
    """Return the properties without what must never be stored; what was handed in is left as it is.

    `drop` removes a property; `last4` keeps the last four digits of a card number. What is not of the declared shape
    is removed too: a card number must not slip through because it came as a text in place of an object.
    """
    for path, how in rules.redactions:
        properties = _redact(properties, path, how)
    return properties


def _redact(tree: dict[str, Any], path: Path, how: str) -> dict[str, Any]:
    key, *below = path
    value = tree.get(key)
    if value is None:
        return tree
    if below and isinstance(value, dict):
        return {**tree, key: _redact(value, tuple(below), how)}
    kept = _last4(value) if how == "last4" and not below else ""
    rest = {name: item for name, item in tree.items() if name != key}
    return {**rest, key: kept} if kept else rest


def _last4(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return "".join(character for character in str(value) if character.isdecimal())[-4:]
