"""Spans of time in words, as rough as one remembers them."""

from typing import Final

_UNITS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


def in_words(secs: float) -> str:
    """Return seconds as `90 seconds`, `2 minutes`, `36 hours`, `3 days`."""
    for unit, size in _UNITS:
        if secs >= 2 * size:
            return f"{secs / size:.0f} {unit}"
    return "1 second" if round(secs) == 1 else f"{secs:.0f} seconds"
