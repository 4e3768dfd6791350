"""From what a sender says to what can be searched: the traits of an event, its tags, and its place in the journey."""

from collections.abc import Mapping
from typing import Any

from apps.core.paths import MISSING, get
from apps.events.event_types.rules import EventRules


def extract(
    rules: EventRules, properties: Mapping[str, Any], *, visit_count: int | None
) -> tuple[dict[str, Any], str | None, tuple[str, ...]]:
    """Return the event's traits as a tree, its customer journey state, and its tags.

    Only properties that were sent become traits; null, false and 0 were sent. `visit_count` is None without a profile.
    The traits share their objects and lists with the properties.
    """
    tree: dict[str, Any] = {}
    for rule in rules.traits:
        for source in rule.sources:
            value = get(properties, source)
            if value is not MISSING and not (type(value) is dict and source in rule.holders):
                break
        else:
            value = rule.default
            if value is MISSING:
                continue
        node = tree
        for key in rule.parents:
            node = node.setdefault(key, {})
        node[rule.last] = value
    return tree, rules.journey(visit_count), rules.tags
