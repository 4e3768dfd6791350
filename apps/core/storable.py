"""What PostgreSQL cannot store of JSON, though programs send it."""

import math
from typing import Any, NamedTuple

from django.conf import settings


class Problem(NamedTuple):
    """Why a value cannot be stored, and where it is."""

    code: str
    message: str
    path: str


def problem_in(value: Any, path: str) -> Problem | None:
    """Find the first value that PostgreSQL cannot store or that is nested too deep; None when all is well."""
    stack = [(value, path, 1)]
    while stack:
        item, at, depth = stack.pop()
        if not isinstance(item, dict | list):
            problem = _problem_of_leaf(item, at)
            if problem:
                return problem
            continue
        if depth > settings.MAX_DEPTH:
            return Problem("too_deep", f"{path} is nested deeper than {settings.MAX_DEPTH} levels.", path)
        children = item.items() if isinstance(item, dict) else enumerate(item)
        for key, child in children:
            wrong = problem_of_text(key) if isinstance(key, str) else ""
            if wrong:
                return Problem("invalid_text", f"A key of {at} {wrong}.", at)
            stack.append((child, f"{at}.{key}", depth + 1))
    return None


def problem_of_text(text: str) -> str:
    """Say what is wrong with a text, as the end of a sentence; empty when nothing is."""
    if "\x00" in text:
        return "contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains half of a surrogate pair"
    return ""


def _problem_of_leaf(item: Any, at: str) -> Problem | None:
    if isinstance(item, str):
        wrong = problem_of_text(item)
        return Problem("invalid_text", f"{at} {wrong}.", at) if wrong else None
    if isinstance(item, float) and not math.isfinite(item):
        return Problem("number_out_of_range", f"{at} is not a finite number.", at)
    if isinstance(item, int) and abs(item) >= 2**63:
        return Problem("number_out_of_range", f"{at} does not fit into 64 bits.", at)
    return None
