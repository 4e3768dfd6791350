"""Ids in a definition: by them rows, figures and paths name its parts."""

import re
from typing import Final

MAX_ID: Final = 40
_ID: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ID}}}")


def check_id(value: str) -> None:
    """Refuse what rows have no room for, and what a path would not be read by."""
    if not _ID.fullmatch(value):
        message = f"An id has 1 to {MAX_ID} letters, digits, _ or -."
        raise ValueError(message)
