"""What JSON in settings has to be, and how it is written for others."""

from typing import Any

import orjson

from apps.flows.engine.moves import Failure


def check_object(value: Any) -> None:
    """Refuse what is no object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError('Expected an object: {"name": "a value, or event@properties.name"}.')


def check_number(value: Any) -> None:
    """Refuse what is neither a number nor a text that may refer to one. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("Expected a number, or a reference to one.")


def written(value: Any, what: str) -> str:
    """Write what was filled in. Raises Failure for a number that JSON has no room for, and for what is too deep."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        raise Failure(f"The {what} is no JSON.") from None
