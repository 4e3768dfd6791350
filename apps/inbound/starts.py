"""Where a bridge begins that has not read yet: said in the same words, whatever it reads."""

from datetime import datetime
from typing import Any, Final

from apps.core.typed_settings import choice, text

BEGINNING, NEW, TIME = "beginning", "new", "time"
_TITLES: Final = {
    BEGINNING: "With the oldest that is there",
    NEW: "With what comes from now on",
    TIME: "At a time",
}


def start_field(*also: str, label: str = "It begins", more: dict[str, str] | None = None, **common: Any) -> Any:
    """Declare where reading begins: at the beginning or with what is new, and where else a kind can."""
    offered = {name: _TITLES[name] for name in (BEGINNING, NEW, *also)}
    return choice(label, {**offered, **(more or {})}, default=BEGINNING, **common)


def start_at_field() -> Any:
    """Declare the time at which reading begins, where that was chosen."""
    return text("Time", help="With its zone: 2026-01-31T08:00:00Z.", check=moment_of, when=("start", TIME))


def moment_of(said: str) -> datetime:
    """Read a time with its zone. Raises ValueError with a sentence."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise ValueError(f"{said} is no time: one is as 2026-01-31T08:00:00Z.") from None
    if not found.tzinfo:
        raise ValueError("A time has a zone: 2026-01-31T08:00:00Z.")
    return found
