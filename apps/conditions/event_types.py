"""How the types of events are written, whoever names one."""

import unicodedata
from typing import Final

MAX_LENGTH: Final = 128


def event_type(name: str) -> str:
    """Return the type that a name means: "Order Completed" is order-completed.

    Blanks of all kinds become dashes, capitals small letters. Whoever reads the name of a type from a sender or from
    people passes it through here, once or several times: else two spellings would be two types.
    """
    written = "-".join(name.split()).lower()
    return written if written.isascii() else unicodedata.normalize("NFC", written)


def part_of_event_type(text: str) -> str:
    """Return what a part of a name is in the type: " Comp" of "Order Completed" is -comp."""
    return event_type(f"0{text}0")[1:-1]  # nothing is trimmed between digits, nor joined to them
