"""Count how often something comes up, by its name."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import text
from apps.flows.engine.moves import Change, Failure, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.data.given import given, said
from apps.flows.nodes.profile.named_keys import MAX_CHARS, below, check_below

MAX_KEYS: Final = 100


@register
class CountKey(Node):
    """The profile counts how often something came up: pages by name, devices, categories, each by itself.

    One more is counted for each name: a text, a number, or a list of them, such as all categories of an order. The
    counters stand below a field: stats.categories.shoes is 3. Who has none of it goes on, and nothing is counted.
    """

    key, group, title, icon, order = "count-key", "profile", "Count by name", "tag", 22
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {"name": "event@properties.category", "below": "stats.categories"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is counted, and where."""

        name: str = given("Name", help="A text, or a list of texts: event@properties.category.")
        below: str = text("Below", default="stats.counts", help="Such as stats.categories, or traits.devices.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._below = check_below(place, "below", settings.below, "add")
        self._name = place.value("name", settings.name)

    def run(self, step: Step) -> Move:
        """Count each."""
        found = self._name(step.scope)
        names = [name for each in _listed(found) if (name := _name(each))]
        if len(names) > MAX_KEYS:
            raise Failure(f"There are more than {MAX_KEYS} names.")
        return Go(changes=tuple(Change("add", below(self._below, name), 1) for name in names))


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _name(each: Any) -> str:
    if each is None:
        return ""
    text = said(each, most=MAX_CHARS)
    if text is None:
        raise Failure("A name is a text or a number.")
    return text.strip()
