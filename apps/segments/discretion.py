"""What of conditions those may ask, and be told, who may not see personal data; one rule for filters and segments.

Whoever may not read an address could otherwise ask whether it is this one. So a segment whose condition asks about
personal data tells it of all its members, and a condition that asks about such a segment does so, too.
"""

from collections.abc import Iterator

from apps.conditions import ConditionError
from apps.conditions.tree import Aggregate, Between, Compare, Consent, Field, Literal, Node, walk
from apps.segments import catalogue, definitions
from apps.segments.definitions import SEGMENTS
from apps.segments.models import Segment


def telling_part(condition: Node) -> Node | None:
    """Return a part of a condition that may tell personal data; None if it tells none."""
    asks_about_segments = any(isinstance(node, Field) and node.keys[:1] == SEGMENTS.keys for node in walk(condition))
    return _telling(condition, private_keys() if asks_about_segments else frozenset())


def private_keys() -> frozenset[str]:
    """Name the segments whose members are told by nothing but personal data."""
    rows = Segment.objects.filter(kind=Segment.Kind.CONDITION)
    read = {row.key: definitions.read_one(row) for row in rows}
    private: frozenset[str] = frozenset()
    while True:  # until no further segment asks about one of these
        found = frozenset(
            key
            for key, definition in read.items()
            if definition is None or _telling(definition.condition, private) is not None
        )
        if found == private:
            return private
        private = found


def _telling(condition: Node, private: frozenset[str]) -> Node | None:
    nodes = list(walk(condition))
    figures = list(_asked_as_figures(nodes))
    for node in nodes:
        match node:
            case Consent():
                return node
            case Field() if catalogue.is_figure(node) and nodes.count(node) == figures.count(node):
                continue
            case Field() if not catalogue.is_harmless(node):
                return node
    try:
        asked = definitions.segments_of(condition)
    except ConditionError:
        return SEGMENTS
    return SEGMENTS if asked & private else None


def _asked_as_figures(nodes: list[Node]) -> Iterator[Field]:
    """Yield the fields that are compared with numbers: that finds no text, whatever a sender has put there."""
    for test in (node for node in nodes if isinstance(node, Compare | Between)):
        sides = list(test.children())
        literals = [side for side in sides if isinstance(side, Literal)]
        if literals and all(type(each.value) in (int, float) for each in literals):
            yield from filter(None, map(_field_of, sides))


def _field_of(side: Node) -> Field | None:
    if isinstance(side, Aggregate):
        return side.field
    return side if isinstance(side, Field) else None
