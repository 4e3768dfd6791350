"""What PostgreSQL cannot store of JSON, though programs send it: named in what was sent, left out of what we made."""

import math
from typing import Any, Final

import orjson
from django.conf import settings

from apps.core.refusal import Refusal

_WHOLE: Final = "The body"
_TREES: Final = (dict, list)


def refusal_in(value: Any, path: str) -> Refusal | None:
    """Find the first value that PostgreSQL cannot store or that is nested too deep; None when all is well.

    `path` is that of the value in what was sent: empty for the whole.
    """
    return _refusal_in_tree(value, path) if isinstance(value, _TREES) else _refusal_of_leaf(value, path)


def _refusal_in_tree(value: Any, path: str) -> Refusal | None:
    stack: list[tuple[Any, str, int]] = [(value, path, 1)]
    while stack:
        item, at, depth = stack.pop()
        if not isinstance(item, _TREES):
            refusal = _refusal_of_leaf(item, at)
            if refusal:
                return refusal
            continue
        if depth > settings.MAX_DEPTH:
            return Refusal("too_deep", f"{path or _WHOLE} is nested deeper than {settings.MAX_DEPTH} levels.", path)
        children = item.items() if isinstance(item, dict) else enumerate(item)
        for key, child in children:
            wrong = problem_of_text(key) if isinstance(key, str) else ""
            if wrong:
                return Refusal("invalid_text", f"A key of {at or _WHOLE} {wrong}.", at)
            stack.append((child, f"{at}.{key}" if at else str(key), depth + 1))
    return None


def problem_of_text(text: str) -> str:
    """Say what is wrong with a text, as the end of a sentence; empty when nothing is."""
    if "\x00" in text:
        return "contains a NUL character"
    if text.isascii():  # most are, and it is known without a look
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains half of a surrogate pair"
    return ""


def dumps(value: Any) -> str:
    """Write JSON for the database: all that is stored as JSON passes here.

    What was sent was checked, and its sender told. What was made of it since, such as a text that stood in an address
    percent-encoded, must not fail the batch that it is stored with: it is cleaned here.
    """
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(cleaned(value)).decode()
    return (orjson.dumps(cleaned(value)) if b"\\u0000" in written else written).decode()


def cleaned(value: Any) -> Any:
    """Return the value without what cannot be stored: NUL and half surrogate pairs; too great integers as floats."""
    if isinstance(value, str):
        return cleaned_text(value)
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    if isinstance(value, int) and abs(value) >= 2**63:
        return float(value)
    return value


def cleaned_text(text: str) -> str:
    """Return the text without what cannot be stored of it."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode() if problem_of_text(text) else text


def _refusal_of_leaf(item: Any, at: str) -> Refusal | None:
    if isinstance(item, str):
        wrong = problem_of_text(item)
        return Refusal("invalid_text", f"{at} {wrong}.", at) if wrong else None
    if isinstance(item, float) and not math.isfinite(item):
        return Refusal("number_out_of_range", f"{at} is not a finite number.", at)
    if isinstance(item, int) and abs(item) >= 2**63:
        return Refusal("number_out_of_range", f"{at} does not fit into 64 bits.", at)
    return None
