"""Databases of a shop, each of a kind, with a user that may only read what it is allowed to."""

from collections.abc import Sequence
from typing import Any, Protocol


class Shop(Protocol):
    """A database; the tests write to it as its owner, at the time of UTC."""

    kind: str  # of bridges and of connections
    settings: dict[str, Any]  # of a connection that may read
    time: str  # the type of a moment
    bytes: str  # the type of bytes

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Any]:
        """Change something, or ask."""

    def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Do the same for many rows, in a transaction."""

    def other(self) -> Any:
        """Connect once more, for another transaction."""

    def let_read(self, table: str) -> None:
        """Allow the reader a table."""

    def clear(self) -> None:
        """Drop all that there is."""
