"""Offer something on the page."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import long_text, reference, text
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.on_page.blocks import BUTTON, IMAGE, block, words
from apps.flows.nodes.on_page.showing import Showing, Shown, texts_of


@register
class ShowOffer(Showing):
    """The page shows an offer, with a button that leads to it: a call to action. Whoever clicks it is tracked.

    It does something in flows that answer inline, and has to stand before what takes time.
    """

    key, title, icon, order = "show-offer", "Show an offer", "local_offer", 40
    example = {
        "title": "Free delivery today",
        "text": "For all that is in your cart.",
        "button": "To your cart",
        "href": "/cart",
        "name": "free-delivery",
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(Shown):
        """What is offered, and where it is."""

        title: str = text("Heading", default="", help="It may have {{ }}, as the texts below.")
        text_: str = long_text("Text", max_length=2_000, default="")
        image: str = text("Address of an image", default="", max_length=2_000)
        button: str = text("Button", help="What it says.")
        href: str = text("Where it leads", max_length=2_000, help="https://…, or /… for the same site.")
        dismiss: str = text("Second button", default="", help="It closes the offer: No, thanks. Empty: there is none.")
        name: str = text("Name of the offer", default="", help="It is the property name of the event.")
        event_type: str = reference(
            "Event", to="event_type", default="promotion-clicked", help="Tracked when somebody clicks the button."
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._said = texts_of(
            place,
            title=settings.title,
            text=settings.text_,
            image=settings.image,
            button=settings.button,
            href=settings.href,
            dismiss=settings.dismiss,
            name=settings.name,
        )

    def blocks(self, step: Step) -> list[dict[str, Any]]:
        """Say it."""
        said = self._said(step.scope)
        tracked = {"event_type": self.settings.event_type, "properties": {"name": said["name"]} if said["name"] else {}}
        return [
            *([block(IMAGE, src=said["image"])] if said["image"] else []),
            *words(said["title"], said["text"]),
            block(BUTTON, text=said["button"], href=said["href"], **tracked),
            *([block(BUTTON, text=said["dismiss"])] if said["dismiss"] else []),
        ]
