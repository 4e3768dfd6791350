"""Count what past events said."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from apps.core import paths
from apps.core.typed_settings import number, reference, text
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.looking_back import how_far
from apps.flows.nodes.results import into, placed
from apps.flows.templates.channels import text_of

MAX_CHARS: Final = 200


def _check_path(path: str) -> None:
    """Refuse what leads nowhere in an event. Raises ValueError."""
    if paths.parse(path)[0] not in ("properties", "traits", "context"):
        raise ValueError("Begin with properties, traits or context, as in properties.category.")


@register
class EventValues(Node):
    """How often past events of the person said what goes into the payload: {"shoes": 3, "hats": 1}, the most first.

    Of a list each item counts; longer texts, objects and what is missing do not. The latest 1,000 events of the type
    are looked at.
    """

    key, group, title, icon, order = "event-values", "past", "Count values of events", "bar_chart", 60
    has_error_port = True
    needs_person = True
    example = {"event": "product-viewed", "path": "properties.category", "within": "30 days", "into": "categories"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which values."""

        event: str = reference("Event", to="event_type", help="Its type.")
        path: str = text("Property", check=_check_path, help="Where the value is: properties.category.")
        most: int = number("At most so many values", least=1, most=200, default=50)
        within: timedelta = how_far.within()
        into: str = into("values")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings

    def run(self, step: Step) -> Move:
        """Ask for the events, and count."""
        said = self._settings
        if step.answer is None:
            return how_far.ask(step, "past_event", said.within, type=said.event, match=None, most=how_far.MOST)
        counts = Counter(value for event in step.answer for value in _values(paths.get(event, said.path)))
        ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[: said.most]
        return Go(payload=placed(step.payload, said.into, dict(ranked)))


def _values(found: Any) -> Iterator[str]:
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, str | int | float) and 0 < len(text := text_of(each)) <= MAX_CHARS:
            yield text
