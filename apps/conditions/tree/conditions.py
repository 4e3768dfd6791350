"""Nodes that are true, false or unknown of a document, except for those that look at past events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from apps.conditions.exceptions import TreeError
from apps.conditions.tree.base import Condition, Field, Node, Operand, is_storable
from apps.conditions.tree.history import Aggregate
from apps.conditions.tree.operands import Call, ListLiteral, Literal
from apps.conditions.type_names import event_type, part_of_event_type

COMPARISONS: Final = ("=", "<", "<=", ">", ">=")
MATCHES: Final = ("contains", "contains any", "contains all", "starts with", "ends with")
QUANTIFIERS: Final = ("any", "all")
CONSENT_STATES: Final = ("given", "withdrawn", "expired", "never")
_EVENT_TYPE: Final = Field("event", ("type",))
_Side = TypeVar("_Side", bound=Operand)


@dataclass(frozen=True, slots=True)
class And(Condition):
    """All of several conditions."""

    items: tuple[Condition, ...]

    def __post_init__(self) -> None:
        """One alone is not joined to anything."""
        _check_several(self.items)


@dataclass(frozen=True, slots=True)
class Or(Condition):
    """Any of several conditions."""

    items: tuple[Condition, ...]

    def __post_init__(self) -> None:
        """One alone is not joined to anything."""
        _check_several(self.items)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The contrary; what is unknown stays so. `!=`, NOT IN, NOT EXISTS and their like are this and the test."""

    item: Condition


class ValueTest(Condition):
    """A condition on values.

    One that looks at past events asks nothing else of the document: SQL evaluates it for all profiles at once.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        histories = list(self.histories())
        if not histories:
            return
        outside = next((field for field in self.free_fields() if field.root != "item"), None)
        if outside or len(histories) > 1:
            message = "What is made of past events is compared with values, not with fields or other events."
            raise TreeError(message, outside)


@dataclass(frozen=True, slots=True)
class Compare(ValueTest):
    """One value beside another: =, <, <=, >, >=."""

    op: str
    left: Operand
    right: Operand

    def __post_init__(self) -> None:
        """Lists have no order."""
        if self.op not in COMPARISONS:
            message = f"There is no comparison '{self.op}'; there are {' '.join(COMPARISONS)}."
            raise TreeError(message)
        if self.op != "=" and isinstance(self.left, ListLiteral) | isinstance(self.right, ListLiteral):
            message = f"A list is not compared by {self.op}."
            raise TreeError(message)
        left, right = _named(self.left, beside=self.right), _named(self.right, beside=self.left)
        object.__setattr__(self, "left", left)
        object.__setattr__(self, "right", right)
        ValueTest.__post_init__(self)


@dataclass(frozen=True, slots=True)
class Between(ValueTest):
    """A value within bounds, which belong to it."""

    operand: Operand
    low: Operand
    high: Operand

    def __post_init__(self) -> None:
        """Lists have no order."""
        if any(isinstance(each, ListLiteral) for each in self.children()):
            message = "A list is not compared by BETWEEN."
            raise TreeError(message)
        object.__setattr__(self, "low", _named(self.low, beside=self.operand))
        object.__setattr__(self, "high", _named(self.high, beside=self.operand))
        ValueTest.__post_init__(self)


@dataclass(frozen=True, slots=True)
class In(ValueTest):
    """A value that is one of a list's."""

    operand: Operand
    values: ListLiteral

    def __post_init__(self) -> None:
        """Types of events are written as such."""
        object.__setattr__(self, "values", _named(self.values, beside=self.operand))
        ValueTest.__post_init__(self)


@dataclass(frozen=True, slots=True)
class Exists(ValueTest):
    """There is a value: the path leads somewhere, and not to null."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Empty(ValueTest):
    """There is no value, or one without content: an empty text, list or object."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Match(ValueTest):
    """A text with a part, or a list with an item: CONTAINS, STARTS WITH, ENDS WITH."""

    op: str
    operand: Operand
    value: Literal | ListLiteral

    def __post_init__(self) -> None:
        """Several values go with `contains any` and `contains all`, one with the others."""
        if self.op not in MATCHES:
            message = f"There is no test '{self.op}'; there are {', '.join(MATCHES)}."
            raise TreeError(message)
        takes_list = self.op in ("contains any", "contains all")
        if isinstance(self.value, ListLiteral) != takes_list:
            message = f"{self.op.upper()} takes {'a list of values' if takes_list else 'one value'}."
            raise TreeError(message, self.value)
        if self.value == ListLiteral(()):
            message = f"{self.op.upper()} takes one value or more."
            raise TreeError(message, self.value)
        object.__setattr__(self, "value", _named(self.value, beside=self.operand, write=part_of_event_type))
        ValueTest.__post_init__(self)


@dataclass(frozen=True, slots=True)
class Items(ValueTest):
    """Any or all items of a list meet a condition on item@..."""

    quantifier: str
    operand: Operand
    where: Condition

    def __post_init__(self) -> None:
        """Items have no past events."""
        if self.quantifier not in QUANTIFIERS:
            message = f"There is no '{self.quantifier}' of items; there are any and all."
            raise TreeError(message)
        if next(self.where.histories(), None):
            message = "Items of a list have no past events."
            raise TreeError(message)
        ValueTest.__post_init__(self)

    def free_fields(self) -> Iterator[Field]:
        """item@ is an item of this list."""
        yield from self.operand.free_fields()
        yield from (field for field in self.where.free_fields() if field.root != "item")


@dataclass(frozen=True, slots=True)
class Consent(Condition):
    """What holds now of a consent: CONSENTED("letters"), WITHDREW, EXPIRED, NEVER ASKED. It is never unknown.

    How a state is decided is not this language's to say: documents and layouts bring it.
    """

    state: str
    consent: str

    def __post_init__(self) -> None:
        """Refuse states that there are not, and what is no name."""
        if self.state not in CONSENT_STATES:
            message = f"There is no state '{self.state}' of a consent; there are {', '.join(CONSENT_STATES)}."
            raise TreeError(message)
        if not self.consent or not is_storable(self.consent):
            message = "A consent is named by its id, as marketing-email."
            raise TreeError(message)

    def free_fields(self) -> Iterator[Field]:
        """It looks at the field that decisions about this consent change."""
        yield Field("profile", ("consents", self.consent))


def _check_several(items: tuple[Node, ...]) -> None:
    if len(items) < 2:
        message = "AND and OR join two conditions or more."
        raise TreeError(message)


def _named(side: _Side, *, beside: Operand, write: Callable[[str], str] = event_type) -> _Side:
    """Write the texts beside the type of an event as types are written; leave all else."""
    if isinstance(beside, Call) and beside.name == "lowercase":  # as types are anyway
        return _named(side, beside=beside.arguments[0], write=write)
    field = beside.field if isinstance(beside, Aggregate) and beside.function in ("first", "last") else beside
    if field != _EVENT_TYPE:
        return side
    match side:
        case Literal(str() as name):
            return replace(side, value=write(name))
        case ListLiteral(items):
            return replace(side, items=tuple(_named(item, beside=beside, write=write) for item in items))
    return side
