"""Mark the person, and take the mark off again."""

from dataclasses import dataclass
from typing import Final

from apps.core.typed_settings import choice, text
from apps.flows.engine.moves import Change, Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register

ADD, REMOVE = "add", "remove"
_WHAT: Final = {ADD: "Add it", REMOVE: "Remove it"}
_OPERATIONS: Final = {ADD: "append_unique", REMOVE: "remove"}


@register
class AddTag(Node):
    """The person gets a tag, or loses it. Tags are a list, traits.tags, that segments may ask about.

    Whoever has it already does not get it twice, and who does not have it loses nothing.
    """

    key, group, title, icon, order = "add-tag", "profile", "Add or remove a tag", "sell", 30
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {"tag": "bought-{{ event@properties.category | lower }}"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """The tag."""

        tag: str = text("Tag", help="It may refer to something: bought-{{ event@properties.category }}.")
        do: str = choice("What", _WHAT, default=ADD)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._tag, self._operation = place.text("tag", settings.tag), _OPERATIONS[settings.do]

    def run(self, step: Step) -> Move:
        """Add or remove it."""
        tag = self._tag(step.scope).strip()
        return Go(changes=(Change(self._operation, "traits.tags", tag),)) if tag else Fail("The tag is empty.")
