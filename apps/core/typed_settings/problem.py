"""What is wrong with a document of settings: all of it at once, each with its place."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Problem(NamedTuple):
    """A place in a document, and a whole sentence about it."""

    path: str  # headers.X-Tenant, cases.0.weight; empty for the whole
    message: str

    def below(self, key: object) -> "Problem":
        """Return it as whoever holds the document under this key sees it."""
        return Problem(f"{key}.{self.path}" if self.path else str(key), self.message)

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class SettingsError(ValueError):
    """A document is wrong; `problems` names all places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(map(str, self.problems)))

    def below(self, key: object) -> Iterator[Problem]:
        """Return the problems as whoever holds the document under this key sees them."""
        return (problem.below(key) for problem in self.problems)


def wrong(message: str) -> SettingsError:
    """Make the error of one value, whose place its holder knows."""
    return SettingsError([Problem("", message)])
