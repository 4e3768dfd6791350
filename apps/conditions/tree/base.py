"""What all nodes of a tree have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from apps.conditions.exceptions import TreeError

# item@ is each item of a list, within ANY(... WHERE ...) and ALL(... WHERE ...).
ROOTS: Final = ("profile", "session", "event", "payload", "flow", "memory", "message", "item")
MAX_DEPTH: Final = 40  # back ends recurse
MAX_NODES: Final = 2_000


class Node:
    """Any part of a tree; `str()` gives its text."""

    __slots__ = ()

    def __str__(self) -> str:
        return WRITERS[type(self)](self)

    def children(self) -> Iterator["Node"]:
        """Yield the nodes right below this one."""
        for name in self.__match_args__:  # type: ignore[attr-defined]
            value = getattr(self, name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Node))

    def free_fields(self) -> Iterator["Field"]:
        """Yield the fields that are read from the document, rather than from past events or items of a list."""
        for child in self.children():
            yield from child.free_fields()

    def histories(self) -> Iterator["Node"]:
        """Yield the parts that look at past events."""
        for child in self.children():
            yield from child.histories()


WRITERS: Final[dict[type[Node], Callable[[Any], str]]] = {}  # apps/conditions/text.py has them


class Condition(Node):
    """What is true, false or unknown."""

    __slots__ = ()


class Operand(Node):
    """What has a value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Field(Operand):
    """A value of a document: profile@traits.plan. No keys mean all that is below the root."""

    root: str
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse roots that there are not, and keys that cannot be."""
        if self.root not in ROOTS:
            message = f"There is no '{self.root}@'; there are {', '.join(f'{root}@' for root in ROOTS)}."
            nearest = get_close_matches(self.root, ROOTS, n=1)
            raise TreeError(message, suggestion=f"{nearest[0]}@" if nearest else "")
        if not all(key and is_storable(key) for key in self.keys):
            message = "A key of a field is empty, or holds a character that cannot be stored."
            raise TreeError(message)

    def free_fields(self) -> Iterator["Field"]:
        """It is one."""
        yield self


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children())


def substitute(node: Node, old: Node, new: Node) -> Node:
    """Return a tree with one node in the place of another."""
    if node == old:
        return new
    return rebuilt(node, lambda child: substitute(child, old, new))


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a node with something else in the place of each of its children."""
    changes: dict[str, object] = {}
    for name in node.__match_args__:  # type: ignore[attr-defined]
        value = getattr(node, name)
        if isinstance(value, Node):
            changes[name] = change(value)
        elif isinstance(value, tuple):
            changes[name] = tuple(change(item) if isinstance(item, Node) else item for item in value)
    return replace(node, **changes)  # type: ignore[type-var]


def check(condition: Node) -> None:
    """Refuse, of a whole condition, what takes too long or too deep a recursion, and item@ that is of no list."""
    level, n_nodes, depth = [condition], 0, 0
    while level:
        n_nodes, depth = n_nodes + len(level), depth + 1
        if n_nodes > MAX_NODES or depth > MAX_DEPTH:
            message = f"A condition has at most {MAX_NODES} parts, nested at most {MAX_DEPTH} deep."
            raise TreeError(message)
        level = [child for each in level for child in each.children()]
    outside = next((field for field in condition.free_fields() if field.root == "item"), None)
    if outside:
        message = "item@ is an item of a list: it stands within ANY(... WHERE ...) or ALL(... WHERE ...)."
        raise TreeError(message, outside)


def is_storable(text: str) -> bool:
    """Tell whether jsonb can hold a text: no null character, no half of a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text))
