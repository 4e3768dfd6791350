"""The name that somebody probably meant."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches


def nearest(word: str, *groups: Iterable[str], likeness: float = 0.6) -> str:
    """Return the nearest name of the first group that has one near to the word; "" where none is."""
    found = (get_close_matches(word, names, n=1, cutoff=likeness) for names in groups)
    return next((names[0] for names in found if names), "")


class Hints:
    """The names that were probably meant, of the first words that are no names.

    Each look goes through all names: with whoever writes so many words that name nothing it is not their spelling.
    """

    MOST = 20

    def __init__(self) -> None:
        self._left = self.MOST

    def nearest(self, word: str, find: Callable[[str], str]) -> str:
        """Return what a function finds for a word; "" once there were enough."""
        self._left -= 1
        return find(word) if self._left >= 0 else ""
