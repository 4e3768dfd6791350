"""Why somebody is in a segment, or not: each clause of the condition with its truth, and the values it looked at."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.conditions import Condition, Context, History, truth, value
from apps.conditions.reads import reads
from apps.conditions.tree import (
    Aggregate,
    And,
    Call,
    Did,
    Field,
    Items,
    ListLiteral,
    Literal,
    Node,
    Not,
    Operand,
    Or,
    walk,
)
from apps.events.models import Event
from apps.events.system_events import REPORTS
from apps.profiles.models import Profile
from apps.segments import language

MAX_EVENTS: Final = 50_000  # of one person that are looked at; robots have more


@dataclass(frozen=True, slots=True)
class Value:
    """What a part of a clause comes to; `fields` are those that it was read from."""

    text: str
    value: Any
    fields: frozenset[Field]


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a condition, as it is of a person: true, false, or unknown (None)."""

    text: str
    truth: bool | None
    join: str = ""  # "and", "or", "not" of the clauses below; tests have none
    values: tuple[Value, ...] = ()
    clauses: tuple["Clause", ...] = ()


def explain(condition: Condition, profile: Profile, segment_keys: Iterable[str], *, now: datetime) -> Clause:
    """Decide each clause of a condition for a person."""
    document = language.document_of(profile, segment_keys)
    return _clause(condition, document, Context(now, _history_of(profile, condition)))


def _history_of(profile: Profile, condition: Condition) -> History:
    asked = reads(condition)
    if not asked.has_history:
        return language.history([])
    events = Event.objects.filter(profile_id=profile.pk, is_valid=True)
    if asked.any_event_type:
        events = events.exclude(type__in=REPORTS - asked.event_types)
    else:
        events = events.filter(type__in=asked.event_types)
    return language.history(language.event_of(event) for event in events.order_by("-time")[:MAX_EVENTS])


def _clause(node: Condition, document: dict[str, Any], context: Context) -> Clause:
    known = truth(node)(document, context)
    match node:
        case And(items) | Or(items):
            join = "and" if isinstance(node, And) else "or"
            return Clause(str(node), known, join, (), tuple(_clause(item, document, context) for item in items))
        case Not(And() | Or() | Not() as item):
            return Clause(str(node), known, "not", (), (_clause(item, document, context),))
    values = [Value(str(part), value(part)(document, context), _fields(part)) for part in _parts(node)]
    return Clause(str(node), known, values=tuple(values))


def _parts(node: Node) -> Iterator[Operand]:
    """Yield what is worth knowing of a test: its operands, what functions were made of, how many events there were."""
    match node:
        case Not(item):
            yield from _parts(item)
        case Did(events):
            yield Aggregate("count", events)
        case Items(_, operand):
            yield operand
        case _:
            for child in node.children():
                if isinstance(child, Operand) and not isinstance(child, Literal | ListLiteral):
                    yield child
                    if isinstance(child, Call):
                        yield from child.free_fields()


def _fields(part: Operand) -> frozenset[Field]:
    return frozenset(node for node in walk(part) if isinstance(node, Field))
