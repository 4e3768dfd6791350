"""How many flows in a row have led to something: without that, flows could start each other without end."""

from collections.abc import Mapping
from typing import Any, Final

MOST: Final = 10
KEY: Final = "chain"  # of the event that a run keeps


def of(event: Mapping[str, Any] | None) -> int:
    """Tell how many flows in a row have led to an event that a run keeps."""
    found = event.get(KEY) if event else None
    return found if isinstance(found, int) else 0


def after(event: Mapping[str, Any] | None, inherited: int = 0) -> int:
    """Tell how many have led to what a run does: by the event that has started it, or by the run that has."""
    return max(of(event), inherited) + 1
