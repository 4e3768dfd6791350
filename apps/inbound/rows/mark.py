"""How far a table is read: the watermark of the last row and its key, as texts of the database itself.

They are what a database writes and reads of any type without a loss: microseconds, decimals of any length, UUIDs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Mark:
    """A row, behind which one goes on; without a key: a watermark, whose rows are still to come."""

    watermark: str
    key: tuple[str, ...] | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any] | None) -> Self | None:
        """Read a mark from JSON; None where there is none yet."""
        if not document or document.get("watermark") is None:
            return None
        key = document.get("key")
        return cls(str(document["watermark"]), tuple(map(str, key)) if isinstance(key, list) else None)

    def write(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"watermark": self.watermark, "key": None if self.key is None else list(self.key)}


@dataclass(frozen=True, slots=True)
class Reached:
    """What is stored of a place: the mark, and before which row nothing is read, not even again."""

    mark: Mark | None = None
    since: Mark | None = None

    @classmethod
    def read(cls, document: Any) -> Self:
        """Read what was stored; nothing, where nothing was."""
        known = document if isinstance(document, dict) else {}
        return cls(Mark.read(known), Mark.read(known.get("since")))

    def write(self) -> dict[str, Any]:
        """Return it as JSON."""
        written = self.mark.write() if self.mark else {"watermark": None, "key": None}
        return {**written, "since": self.since.write()} if self.since else written
