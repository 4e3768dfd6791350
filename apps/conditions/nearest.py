"""The name that somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, *groups: Iterable[str], likeness: float = 0.6) -> str:
    """Return the nearest name of the first group that has one near to the word; "" where none is."""
    found = (get_close_matches(word, names, n=1, cutoff=likeness) for names in groups)
    return next((names[0] for names in found if names), "")
