"""What joins events to runs: values by their texts, as rows of waits and keys of entry have them."""

from collections.abc import Mapping
from typing import Any, Final

from apps.core import paths, storable
from apps.core.paths import MISSING, PathError

MAX_TEXT: Final = 500  # characters


def text_of(value: Any) -> str | None:
    """Write a value as the text by which it is compared; None where there is nothing."""
    if value is None or value is MISSING:
        return None
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))  # JSON knows one kind of numbers
    else:
        text = storable.dumps(value)
    return text[:MAX_TEXT] or None


def check_paths(match: Mapping[str, str]) -> None:
    """Refuse what is no path. Raises ValueError."""
    for path in match:
        paths.parse(path)


def matches(match: Mapping[str, str], event: Mapping[str, Any]) -> bool:
    """Tell whether an event says at each path what is wanted there, as text; what says nothing matches nothing.

    Nor does what is no path: whoever waits by one must not hold up the events of their person.
    """
    try:
        return all(text_of(paths.get(event, path)) == wanted for path, wanted in match.items())
    except PathError:
        return False
