"""What nodes work on: a value that somebody names, and what it has to be."""

from typing import Any, Final

from apps.core.typed_settings import text
from apps.flows.engine.moves import Failure
from apps.flows.templates.channels import text_of

MAX_ITEMS: Final = 2_000  # of a list that is looked through once


def given(label: str, **common: Any) -> Any:
    """Declare a value: a reference, which keeps its type, or a text with {{ }}."""
    return text(label, max_length=2_000, **{"help": "A reference, such as event@properties.code.", **common})


def said(value: Any, *, most: int) -> str | None:
    """Return the text that a value is, or as which a number is written; None where it is neither.

    Raises Failure where it has more characters.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = text_of(value)
    if len(text) > most:
        raise Failure(f"The text is longer than {most:,} characters.")
    return text


def listed(value: Any, *, most: int = MAX_ITEMS) -> list[Any]:
    """Return a list. Raises Failure where there is none, or one that is too long to be worked on."""
    if not isinstance(value, list):
        raise Failure("There is no list.")
    if len(value) > most:
        raise Failure(f"The list has more than {most:,} items.")
    return value
