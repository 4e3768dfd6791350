"""Say something to whoever looks at a run."""

from dataclasses import dataclass
from typing import Final

from apps.core.typed_settings import choice, long_text
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register

MAX_CHARS: Final = 2_000
_LEVELS: Final = {"info": "To know", "warning": "A warning", "error": "A mistake"}


@register
class Note(Node):
    """A text is noted at this step for whoever looks at the run; nothing else happens.

    It is kept in runs of which steps are kept with what they read and wrote: so many percent as `trace_percent` says.
    Of a longer text the first 2,000 characters are.
    """

    key, group, title, icon, order = "note", "flow", "Note", "sticky_note_2", 110
    has_error_port = True
    example = {"text": "{{ event@properties.order_id }} came with {{ event@properties.items | length }} items."}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is noted."""

        text: str = long_text("Text", max_length=10_000, help="It may have {{ event@properties.order_id }}.")
        level: str = choice("What it is", _LEVELS, default="info")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._text, self._level = place.text("text", settings.text), settings.level

    def run(self, step: Step) -> Move:
        """Note it, if anybody will look."""
        if step.told is not None:
            step.told["note"] = {"level": self._level, "text": self._text(step.scope)[:MAX_CHARS]}
        return Go()
