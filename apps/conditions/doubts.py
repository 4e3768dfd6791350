"""What a condition names that there is not, as far as anybody knows: it can be asked, and whoever asks is told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from apps.conditions.catalogue import Catalogue
from apps.conditions.nearest import nearest
from apps.conditions.tree import (
    Compare,
    Condition,
    Consent,
    Events,
    Field,
    In,
    ListLiteral,
    Literal,
    Match,
    Node,
    Step,
    walk,
)
from apps.conditions.type_names import event_types

_SEGMENTS: Final = Field("profile", ("segments",))
_TYPE: Final = Field("event", ("type",))


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word that names nothing that is known, and the nearest that does; "" where none is near."""

    word: str
    message: str
    nearest: str = ""

    def __str__(self) -> str:
        """Put it into a sentence or two."""
        return f"{self.message} Did you mean {self.nearest}?" if self.nearest else self.message


def doubts(condition: Condition, catalogue: Catalogue) -> list[Doubt]:
    """List the consents, segments and types of events that a condition names and the catalogue does not know."""
    found = dict.fromkeys(doubt for node in walk(condition) for doubt in _of(node, catalogue))
    return list(found)


def _of(node: Node, catalogue: Catalogue) -> Iterator[Doubt]:
    match node:
        case Consent(_, consent) if catalogue.consents is not None:
            yield from _unknown([consent], catalogue.consents, "There is no consent type {}.")
        case Match(op, operand, value) if operand == _SEGMENTS and op.startswith("contains"):
            known = catalogue.fields.get(str(_SEGMENTS))
            keys = value.items if isinstance(value, ListLiteral) else (value,)
            yield from _unknown(_texts(keys), map(str, known.values) if known else (), "There is no segment {}.")
        case _:
            yield from _unseen(_types_in(node), catalogue)


def _types_in(node: Node) -> Iterable[str]:
    """Name the types of events that a node asks for."""
    match node:
        case Events(types) | Step(types):
            return types
        case Compare("=", left, right) if left == _TYPE:
            return _texts([right])
        case Compare("=", left, right) if right == _TYPE:
            return _texts([left])
        case In(operand, values) if operand == _TYPE:
            return _texts(values.items)
    return ()


def _texts(nodes: Iterable[Node]) -> list[str]:
    return [node.value for node in nodes if isinstance(node, Literal) and isinstance(node.value, str)]


def _unseen(types: Iterable[str], catalogue: Catalogue) -> Iterator[Doubt]:
    seen = catalogue.event_types
    unseen = [type_ for type_ in types if not set(event_types([type_])) & set(seen)]
    # What somebody has planned is sooner meant than what only came, which may be mistyped itself.
    planned = [type_ for type_ in seen if type_ in catalogue.planned_types]
    yield from _unknown(unseen, seen, "There is no event type {}, and no event of it came lately.", sooner=planned)


def _unknown(
    words: Iterable[str], known: Iterable[str], message: str, *, sooner: Iterable[str] = ()
) -> Iterator[Doubt]:
    names = list(known)
    for word in words:
        if word not in names:
            yield Doubt(word, message.format(word), nearest(word, sooner, names))
