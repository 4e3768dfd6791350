"""Show something on the page."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import items
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.on_page.blocks import Block, document_of
from apps.flows.nodes.on_page.showing import Showing, Shown


@register
class InlineWidget(Showing):
    """The page of whoever tracked the event gets a widget to show: texts, images, buttons, a form, a rating.

    It is described by its parts and has no markup: whatever a value says, it can only be shown. It does something in
    flows that answer inline, and has to stand before what takes time. What is wanted most often has a node of its own,
    which is filled in faster: *Show a message*, *Show an offer*, *Ask a question*, *Ask for a rating* and others.
    """

    key, title, icon, order = "inline-widget", "Inline widget", "widgets", 20
    example = {
        "place": "banner",
        "blocks": [
            {"kind": "text", "text": "Free delivery today, {{ profile@data.pii.firstname | default('friend') }}!"},
            {"kind": "button", "text": "To your cart", "href": "/cart"},
        ],
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(Shown):
        """Where it is shown, and what it is built of."""

        blocks: tuple[Block, ...] = items("Blocks", Block, least=1, most=30)

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._blocks = []
        for number, block in enumerate(settings.blocks):
            at = f"blocks.{number}"
            fills = {name: place.text(f"{at}.{name}", said) for name, said in block.texts.items()}
            properties = place.value(f"{at}.properties", block.properties)
            self._blocks.append((block, {**fills, "properties": properties}))

    def blocks(self, step: Step) -> list[dict[str, Any]]:
        """Fill each in."""
        return [
            document_of(block, {name: fill(step.scope) for name, fill in fills.items()})
            for block, fills in self._blocks
        ]
