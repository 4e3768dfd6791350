"""Why something was not taken: one shape for all that is said of it, on every way in."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not taken: the sender is at fault, and is told which field."""

    code: str
    message: str
    field: str = ""
    index: int | None = None  # the place of the part that it is about, where a request has several
    is_private: bool = False  # nothing that was sent may be kept, not even to explain the refusal
    is_secret: bool = False  # the reason is for us alone: the sender must not learn it

    def as_dict(self) -> dict[str, Any]:
        """Shape the refusal as responses carry it: {code, message, field, index}."""
        if self.is_secret:
            return {"code": "refused", "message": "This was not taken.", "field": "", "index": self.index}
        return {"code": self.code, "message": self.message, "field": self.field, "index": self.index}
