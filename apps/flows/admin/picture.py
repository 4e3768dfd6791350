"""A flow as a picture: an SVG of its nodes where they stand, which needs no script, and follows light and dark.

Cards are as large as in the editor (frontend/src/canvas/sizes.ts), so that edges begin at the same places.
"""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.flows.changing.publishing import names_of
from apps.flows.describing.kind_documents import ports_in
from apps.flows.node import kinds

_CARD_WIDTH, _CARD_HEIGHT, _PORTS_HEIGHT, _PORT_WIDTH = 220, 66, 24, 84
_MARGIN, _ASIDE = 32, 24
_LETTERS, _PORT_LETTERS = 22, 12  # of a line of a name, and of what a port is called
_LINE: Final = 21


class Picture(NamedTuple):
    """What is drawn, and how large it is, in pixels."""

    width: int
    height: int
    drawn: SafeString


class Card(NamedTuple):
    """A node as it is drawn: its upper left corner, its ports as people read them, and the group of its kind."""

    x: float
    y: float
    ports: Sequence[Mapping[str, str]]
    name: str
    group: str

    @property
    def names_ports(self) -> bool:
        """Tell whether its ports need names: one alone does not, unless it says more than that one goes on."""
        return [port["name"] for port in self.ports] not in ([], ["out"])

    @property
    def width(self) -> int:
        """In pixels."""
        return max(_CARD_WIDTH, len(self.ports) * _PORT_WIDTH)

    @property
    def height(self) -> int:
        """In pixels, with the row in which ports are named."""
        return _CARD_HEIGHT + (_PORTS_HEIGHT if self.names_ports else 0)

    def x_of(self, port: str) -> float:
        """Return where a port is: all have the same room."""
        at = next((at for at, each in enumerate(self.ports) if each["name"] == port), 0)
        return self.x + (at + 0.5) / max(len(self.ports), 1) * self.width


def picture(document: Mapping[str, Any]) -> Picture:
    """Draw a definition without mistakes."""
    cards = cards_of(document)
    left, top = min(card.x for card in cards.values()), min(card.y for card in cards.values())
    width = max(card.x + card.width for card in cards.values()) - left + 2 * _MARGIN
    height = max(card.y + card.height for card in cards.values()) - top + 2 * _MARGIN
    drawn = format_html(
        '<g transform="translate({} {})">{}{}</g>',
        *(_MARGIN - left, _MARGIN - top),
        format_html_join("", '<path class="cdp-drawn-edge" d="{}"/>', ((way,) for way in _ways(document, cards))),
        format_html_join("", "{}", ((_drawn(card),) for card in cards.values())),
    )
    return Picture(round(width), round(height), drawn)


def cards_of(document: Mapping[str, Any]) -> dict[str, Card]:
    """Return the cards of a definition without mistakes, by the ids of its nodes."""
    names, ports = names_of(document), ports_in(document)
    found = {}
    for node in document["nodes"]:
        place = node.get("position", {})
        found[node["id"]] = Card(
            *(place.get("x", 0), place.get("y", 0)),
            ports.get(node["id"], ()),
            names[node["id"]],
            kinds[node["kind"]].group,
        )
    return found


def _ways(document: Mapping[str, Any], cards: Mapping[str, Card]) -> Iterator[str]:
    """Yield the lines of edges: from below a port to above the middle of a card."""
    for edge in document["edges"]:
        source, target = cards[edge["from"]], cards[edge["to"]]
        x, y = source.x_of(edge.get("port", "out")), source.y + source.height
        to_x, to_y = target.x + target.width / 2, target.y
        if to_y > y:
            bend = (to_y - y) / 2
            yield f"M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"
        else:  # back, past the left of both
            side, below, above = min(source.x, target.x) - _ASIDE, y + _ASIDE, to_y - _ASIDE
            middle = f"{side:g} {(y + to_y) / 2:g}"
            yield f"M{x:g} {y:g}C{x:g} {below:g} {side:g} {below:g} {middle}S{to_x:g} {above:g} {to_x:g} {to_y:g}"


def _drawn(card: Card) -> SafeString:
    lines = wrap(card.name, _LETTERS, max_lines=2, placeholder=" …")
    middle = card.y + _CARD_HEIGHT / 2 + 6 - (len(lines) - 1) * _LINE / 2
    labels = [
        (f"{card.x_of(port['name']):g}", f"{card.y + card.height - 9:g}", _short(port["label"]))
        for port in (card.ports if card.names_ports else ())
    ]
    return format_html(
        '<g data-group="{}"><title>{}</title><rect class="cdp-drawn-card" x="{}" y="{}" width="{}" height="{}" rx="8"/>'
        '<rect class="cdp-drawn-group" x="{}" y="{}" width="6" height="{}" rx="3"/>{}{}</g>',
        *(card.group, card.name, card.x, card.y, card.width, card.height, card.x, card.y, card.height),
        format_html_join(
            "",
            '<text class="cdp-drawn-name" x="{}" y="{}">{}</text>',
            ((f"{card.x + 18:g}", f"{middle + at * _LINE:g}", line) for at, line in enumerate(lines)),
        ),
        format_html_join("", '<text class="cdp-drawn-port" x="{}" y="{}">{}</text>', labels),
    )


def _short(label: str) -> str:
    return label if len(label) <= _PORT_LETTERS else f"{label[: _PORT_LETTERS - 1]}…"
