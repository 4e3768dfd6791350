"""One of several, by chance."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import template
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes import chance
from apps.flows.nodes.data.given import listed
from apps.flows.nodes.results import into, placed


@register
class Pick(Node):
    """Chance picks an item of a list, each as likely as the others, and puts it into the payload.

    It is drawn anew each time that somebody comes here: a *split* is what lets people keep what they drew. Where the
    list has no items, they leave by empty. It has at most 2,000 of them.
    """

    key, group, title, icon, order = "pick", "data", "Pick at random", "casino", 50
    ports = ("out", "empty")
    has_error_port = True
    example = {"items": ["Free delivery", "10 % off", "A gift"], "into": "offer"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """From what."""

        items: Any = template("List", help='["red", "blue"], or a reference: event@properties.items.')
        into: str = into("picked")

    def __init__(self, settings: Settings, place: Place) -> None:
        if not isinstance(settings.items, list | str) or not settings.items:
            place.refuse("items", 'Expected a list, ["red", "blue"], or a reference to one.')
        self._items, self._into = place.value("items", settings.items), settings.into

    def run(self, step: Step) -> Move:
        """Draw."""
        items = listed(self._items(step.scope))
        if not items:
            return Go("empty")
        item = items[int(chance.drawn(step.seed) * len(items))]
        return Go(payload=placed(step.payload, self._into, item))
