"""Ports that people name."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from apps.core.typed_settings import Problem

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_TAKEN: Final = frozenset({"else", "error"})


def check_port(name: str) -> None:
    """Refuse what is no name of a port. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError("A port is named by up to 40 small letters, digits, _ and -.")
    if name in _TAKEN:
        raise ValueError(f"There is a port {name} in any case: name it otherwise.")


def named_twice(field: str, names: Iterable[str]) -> Iterator[Problem]:
    """Yield the problem of each name that is there already."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield Problem(f"{field}.{place}.port", f"There are two branches {name}.")
        seen.add(name)
