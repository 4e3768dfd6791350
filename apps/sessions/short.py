"""What is made of a context is short: a session, and its person, are read and written with each of their events.

The context itself is kept as it was sent, as far as there is room for it.
"""

from typing import Any, Final

import orjson

MAX_TEXT: Final = 1_000  # characters of a name, a version, a parameter of a campaign
MAX_ADDRESS: Final = 4_000  # characters of the address of a page
MAX_NUMBER: Final = 20
MAX_ZONE: Final = 64  # of a time zone; the longest one has half of it
MAX_PLACE_BYTES: Final = 4_000


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """Read a text, or a number as one, trimmed and cut; empty for anything else."""
    if isinstance(value, str):
        return value[: 2 * limit].strip()[:limit]
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return str(value)


def scalar(value: Any) -> Any:
    """Read a number or a truth value as it is, and a text cut; None for anything else."""
    return value if isinstance(value, int | float) else text(value) or None


def fitting(parts: dict[str, Any], limit: int) -> dict[str, Any]:
    """Return of an object's parts, in their order, those for which there is room: that many bytes of JSON."""
    if len(orjson.dumps(parts)) <= limit:
        return parts
    left, kept = limit - len("{}"), {}
    for name, part in parts.items():
        size = len(orjson.dumps({name: part}))  # the braces are as long as what stands between two parts, and more
        if size <= left:
            left -= size
            kept[name] = part
    return kept
