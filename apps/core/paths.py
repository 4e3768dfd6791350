"""Dotted paths in JSON trees: `contact.email.main`, `products.0.price`, and `interests.a\\.b` for a key with a dot.

A path is parsed once to a tuple of keys; all functions take either form.
"""

import re
from enum import Enum
from functools import lru_cache
from typing import Any, Final

Path = tuple[str, ...]


class Missing(Enum):
    """The type of MISSING, so that a type checker can tell it from a value."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING  # nothing is there; null is something
_PART: Final = re.compile(r"(?:[^.\\]|\\.)+", re.DOTALL)


class PathError(ValueError):
    """A text is no path, or a tree has no room for a value at a path."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """Split a dotted path into its keys; a backslash before a dot makes it part of a key.

    Raises PathError when a key is empty or the text ends within an escape.
    """
    parts = _PART.findall(text)
    if not parts or ".".join(parts) != text:
        message = f"'{text}' is not a dotted path."
        raise PathError(message)
    return tuple(re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) if "\\" in part else part for part in parts)


def join(path: Path) -> str:
    """Write a path as dotted text; the inverse of `parse`."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") if "." in key or "\\" in key else key for key in path)


def get(tree: object, path: str | Path) -> Any:
    """Return the value at the path, or MISSING."""
    node: Any = tree
    for key in parse(path) if isinstance(path, str) else path:
        # By type, not isinstance: this is the innermost loop of mappings, and JSON has no subclasses.
        if type(node) is dict:
            node = node.get(key, MISSING)
        elif type(node) is list:
            index = _index(key)
            node = node[index] if index is not None and index < len(node) else MISSING
        else:
            return MISSING
    return node


def put(tree: dict[str, Any], path: str | Path, value: object) -> None:
    """Set the value at the path, making the objects on the way to it; null on the way counts as nothing.

    Raises PathError, and changes nothing, when something else than an object or a list item is on the way.
    """
    keys = parse(path) if isinstance(path, str) else path
    node: Any = tree
    for depth, key in enumerate(keys[:-1], start=1):
        child = node.get(key) if type(node) is dict else get(node, (key,))
        if child is None or child is MISSING:
            # All that is below is new, so nothing can refuse it any more.
            for below in reversed(keys[depth:]):
                value = {below: value}
            _assign(node, key, value)
            return
        node = child
    _assign(node, keys[-1], value)


def delete(tree: dict[str, Any], path: str | Path) -> bool:
    """Remove what is at the path, and tell whether something was there."""
    *parents, last = parse(path) if isinstance(path, str) else path
    node = get(tree, tuple(parents))
    if get(node, (last,)) is MISSING:
        return False
    del node[last if isinstance(node, dict) else int(last)]
    return True


def _index(key: str) -> int | None:
    # No list is longer than that, and int() refuses absurdly long numbers.
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 10 else None


def _assign(node: object, key: str, value: object) -> None:
    if type(node) is dict:
        node[key] = value
    elif isinstance(node, list) and (index := _index(key)) is not None and index < len(node):
        node[index] = value
    else:
        kind = "a list without such an item" if isinstance(node, list) else "not an object"
        message = f"There is no place for '{key}': what holds it is {kind}."
        raise PathError(message)
