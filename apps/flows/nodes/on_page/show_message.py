"""Tell whoever looks at the page something, in passing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.core.typed_settings import choice, duration, long_text
from apps.flows.engine.moves import Fail, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.on_page import showing
from apps.flows.nodes.on_page.blocks import TEXT, block

_TONES: Final = {"info": "Information", "success": "Success", "warning": "Warning", "error": "Error"}


@register
class ShowMessage(Node):
    """A short message appears along an edge of the page, and disappears by itself: thanks, or that something is saved.

    It does something in flows that answer inline, and has to stand before what takes time.
    """

    key, group, title, icon, order = "show-message", "on-page", "Show a message", "chat_bubble", 30
    effects = Effects.ANSWERS
    has_error_port = True
    example = {"text": "Thank you, {{ profile@data.pii.firstname | default('friend') }}!", "tone": "success"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is said, and for how long."""

        text_: str = long_text("Text", max_length=2_000, help="It may have {{ }}.")
        tone: str = choice("What it is", _TONES, default="info")
        edge: str = showing.edge()
        hides_after: timedelta = duration(
            "It disappears after", default=timedelta(seconds=6), most=timedelta(minutes=10)
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._text = place.text("text", settings.text_)

    def run(self, step: Step) -> Move:
        """Say it."""
        text, said = self._text(step.scope), self._settings
        if not text.strip():
            return Fail("The message is empty.")
        how = {"edge": said.edge, "tone": said.tone, "hides_after_secs": int(said.hides_after.total_seconds())}
        return showing.show(step, [block(TEXT, text=text)], place=showing.BANNER, **how, can_be_closed=True)
