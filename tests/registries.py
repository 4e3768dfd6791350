"""Entries that a test declares: registries take none once the process has started."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from apps.core.registry import Registry, _Declared

Entry = TypeVar("Entry")


@contextmanager
def declared(registry: Registry[Entry], key: str, entry: Entry) -> Iterator[None]:
    """Let a registry have one entry more for a while."""
    assert key not in registry
    registry._declared[key] = _Declared(entry, __name__, __file__)
    try:
        yield
    finally:
        del registry._declared[key]
