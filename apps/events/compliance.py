"""Fields of events that are kept only with consent: dropped or hashed before anything is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings

from apps.core import paths
from apps.core.ids import digest
from apps.core.paths import MISSING, Path
from apps.events.models import ComplianceRule
from apps.events.models.compliance import parse
from apps.profiles import consents
from apps.sessions.visited_page import VIEWS, places_of


@dataclass(frozen=True, slots=True)
class Rule:
    """A field, and the consents without which it is dropped or hashed."""

    event_type: str  # empty for all
    part: str
    path: Path
    consents: tuple[str, ...]
    is_hashed: bool


def compile(row: ComplianceRule) -> list[Rule]:
    """Turn a row into rules: one for its field, and one for each other place where pages say the same.

    The properties say it of views alone: an order's `url` is something else. Raises ComplianceError when its field is
    no path.
    """
    part, path = parse(row.field)
    is_hashed = row.action == ComplianceRule.Action.HASH
    views = [name for name in sorted(VIEWS) if row.event_type in ("", name)]
    places = [(row.event_type, part, path)]
    for other, place in places_of(part, path):
        is_context = part == other == "context"
        places += [(name, other, place) for name in ([row.event_type] if is_context else views)]
    return [Rule(name, part, path, tuple(row.consents), is_hashed) for name, part, path in places]


def broken(
    rules: Iterable[Rule], held: Mapping[str, Any], provenance: Mapping[str, Any], *, at: datetime
) -> list[Rule]:
    """Return the rules whose consents do not all hold."""
    return [rule for rule in rules if not consents.all_hold(held, provenance, rule.consents, at=at)]


def enforce(rules: Iterable[Rule], part: str, tree: dict[str, Any]) -> dict[str, Any]:
    """Return that part of an event without what the rules take away; what was handed in is left as it is."""
    for rule in rules:
        if rule.part == part:
            tree = _changed(tree, rule.path, is_hashed=rule.is_hashed)
    return tree


def _changed(node: Any, path: Path, *, is_hashed: bool) -> Any:
    key, *below = path
    value = paths.get(node, (key,))
    if value is MISSING or value is None:
        return node
    if below and isinstance(value, dict | list):
        new = _changed(value, tuple(below), is_hashed=is_hashed)
    else:  # a text in place of the declared object must not slip through
        new = _hashed(value) if is_hashed else None
    if isinstance(node, list):  # an item that goes leaves its place empty: the others keep theirs
        return [new if str(index) == key else item for index, item in enumerate(node)]
    if new is None:
        return {name: item for name, item in node.items() if name != key}
    return {**node, key: new}


def _hashed(value: Any) -> str:
    """Hash a value, keyed: equal values can still be counted, and nobody can try out which value it was."""
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return digest("compliance", text.strip().lower(), key=settings.IDENTITY_KEY.encode()[:64]).hex
