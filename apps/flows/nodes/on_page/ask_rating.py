"""Ask whoever looks at the page how good something was."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import choice, long_text, reference, text
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.on_page.blocks import SCALES, STARS, rating, words
from apps.flows.nodes.on_page.showing import Showing, Shown, texts_of


@register
class AskRating(Showing):
    """The page asks how good something was, from 1 to 5, or how likely people recommend it, from 0 to 10 (NPS).

    The event has the number as its property `rate`, and what was rated as `id`. It does something in flows that answer
    inline, and has to stand before what takes time.
    """

    key, title, icon, order = "ask-rating", "Ask for a rating", "star_rate", 70
    example = {
        "text": "How did you like your order?",
        "scale": "stars",
        "rated": "{{ event@properties.order_id }}",
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(Shown):
        """What is asked."""

        title: str = text("Heading", default="", help="It may have {{ }}, as the texts below.")
        text_: str = long_text("Question", max_length=2_000)
        scale: str = choice("Scale", SCALES, default=STARS)
        rated: str = text("What is rated", default="", help="It is the property id of the event.")
        event_type: str = reference("Event", to="event_type", default="rating", help="Tracked when somebody rates.")

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._said = texts_of(place, title=settings.title, text=settings.text_, rated=settings.rated)

    def blocks(self, step: Step) -> list[dict[str, Any]]:
        """Ask."""
        said = self._said(step.scope)
        properties = {"id": said["rated"]} if said["rated"] else {}
        return [
            *words(said["title"], said["text"]),
            rating(self.settings.scale, self.settings.event_type, properties=properties),
        ]
