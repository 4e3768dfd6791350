"""What nodes have in common that set and get values which all flows share."""

from typing import Any, Final

from apps.core.typed_settings import text
from apps.flows.nodes.kept_text import kept_text

MAX_CHARS: Final = 200


def key() -> Any:
    """Declare the key of a value."""
    return text(
        "Key",
        max_length=1_000,
        help="All flows know it by this: stock-of-{{ event@properties.sku }}. With profile@id each person has one.",
    )


def checked(key: str) -> str:
    """Return a key as it is looked for. Raises Failure where it is none."""
    return kept_text(key, "key", most=MAX_CHARS)
