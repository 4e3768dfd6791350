"""A definition as those read it who may see no personal data."""

from typing import Any

from apps.conditions.exceptions import TreeError
from apps.conditions.parse import parse_field
from apps.conditions.text import MASK
from apps.core import audit


def masked(document: Any) -> Any:
    """Return a definition without what may name people: values of conditions, and a key of entry that is no field."""
    found = audit.without_values(document)
    entry = found.get("entry") if isinstance(found, dict) else None
    if isinstance(entry, dict) and entry.get("key"):
        entry["key"] = _masked_key(entry["key"])
    return found


def _masked_key(key: Any) -> str:
    try:
        parse_field(str(key))
    except TreeError:
        return MASK
    return str(key)
