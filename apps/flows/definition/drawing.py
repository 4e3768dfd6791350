"""What is drawn beside the steps of a flow, and where: it says nothing of what happens to anybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from apps.core.typed_settings import Problem, choice, long_text, number, text, texts
from apps.flows.definition.part_ids import MAX_ID, check_id

COLORS: Final = {name: name for name in ("yellow", "green", "blue", "purple", "red", "gray")}


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a node, or a note, is drawn: its upper left corner, in pixels."""

    x: float = number("From the left", is_whole=False, default=0)
    y: float = number("From above", is_whole=False, default=0)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a note is drawn, in pixels."""

    width: float = number("Width", is_whole=False, least=40, most=4_000, default=240)
    height: float = number("Height", is_whole=False, least=40, most=4_000, default=120)


@dataclass(frozen=True, kw_only=True)
class NoteWords:
    """What a note says."""

    id: str = text("Id", max_length=MAX_ID, check=check_id)
    text: str = long_text("Text", help="Plain, or simple Markdown.", max_length=2_000, default="")
    color: str = choice("Colour", COLORS, default="yellow")


class Note(NamedTuple):
    """A note, as somebody placed it."""

    words: NoteWords
    position: Position
    size: Size

    @property
    def id(self) -> str:
        """Return what it is known by."""
        return self.words.id


@dataclass(frozen=True, kw_only=True)
class Group:
    """Nodes that belong together: they are drawn in one frame, which is as large as they need it."""

    id: str = text("Id", max_length=MAX_ID, check=check_id)
    name: str = text("Name", max_length=120, default="")
    color: str = choice("Colour", COLORS, default="gray")
    nodes: tuple[str, ...] = texts("Nodes", max_items=500, max_length=MAX_ID)

    def problems(self) -> Iterator[Problem]:
        """Refuse one of nothing: it would be drawn nowhere."""
        if not self.nodes:
            yield Problem("nodes", "A group has at least one node.")
