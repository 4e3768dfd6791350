"""What a condition depends on: fields, events, time. An index from these to conditions says which to evaluate anew."""

from dataclasses import dataclass
from datetime import timedelta

from apps.conditions.functions import FUNCTIONS
from apps.conditions.tree import (
    Aggregate,
    Call,
    Consent,
    Events,
    Field,
    FromTo,
    Last,
    Node,
    Period,
    Sequence,
    Shift,
    Since,
    Step,
    walk,
)


@dataclass(frozen=True, slots=True)
class Reads:
    """What a condition depends on."""

    fields: frozenset[Field]  # of the document
    event_fields: frozenset[Field]  # of past events: event@...
    event_types: frozenset[str]  # of past events: those that are named
    any_event_type: bool
    has_history: bool
    depends_on_time: bool  # it may change while nothing happens
    # How far back past events count; None is without end.
    look_back: timedelta | None


def reads(condition: Node) -> Reads:
    """Return what a condition, or a value of one, depends on."""
    nodes = list(walk(condition))
    selections = [node for node in nodes if isinstance(node, Events | Step)]
    fields = frozenset(field for field in condition.free_fields() if field.root != "item")
    return Reads(
        fields=fields,
        event_fields=_event_fields(nodes),
        event_types=frozenset(type_ for each in selections for type_ in each.types),
        any_event_type=any(not selection.types for selection in selections),
        has_history=bool(selections),
        depends_on_time=any(map(_is_of_time, nodes)),
        look_back=longest([_look_back(node.period) for node in nodes if isinstance(node, Events | Sequence)]),
    )


def _event_fields(nodes: list[Node]) -> frozenset[Field]:
    found: set[Field] = set()
    for node in nodes:
        if isinstance(node, Aggregate) and node.field:
            found.add(node.field)
        if isinstance(node, Events | Step) and node.where:
            found.update(field for field in node.where.free_fields() if field.root == "event")
    return frozenset(found)


def _is_of_time(node: Node) -> bool:
    match node:
        case Consent(state):
            return state != "never"  # what was decided expires, and does not go away
        case Call(name):
            return FUNCTIONS[name].needs_now
    return isinstance(node, Last)


def longest(spans: list[timedelta | None]) -> timedelta | None:
    """Return the longest of some spans; None, which has no end, is longer than any."""
    return max((span for span in spans if span), default=timedelta()) if None not in spans else None


def _look_back(period: Period | None) -> timedelta | None:
    match period:
        case Last(duration):
            return timedelta(days=duration.days)
        case Since(Shift(Call("now"), by)) | FromTo(Shift(Call("now"), by)) if by.amount < 0:
            return timedelta(days=-by.days)
    return None
