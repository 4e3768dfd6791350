"""Why somebody is in a segment, or not: each clause of the condition with its truth, and the values it looked at."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.conditions import Condition, Context, History, bare_consents, truth, value
from apps.conditions.reads import reads
from apps.conditions.tree import (
    Aggregate,
    And,
    Call,
    Consent,
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
from apps.events import platform_events
from apps.events.models import Event
from apps.profiles import consents
from apps.profiles.consents import Standing, State
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
    lacks_consent: bool = False  # it is about a consent that the person has not given


@dataclass(frozen=True, slots=True)
class _Person:
    """Whose condition it is, as conditions read them."""

    profile: Profile
    document: dict[str, Any]
    context: Context

    def standing(self, field: Field) -> Standing:
        """Say what a consent is."""
        row = self.profile
        return consents.standing(row.consents, row.provenance, field.keys[1], at=self.context.now)

    def lacks(self, node: Node) -> bool:
        """Tell whether a test is about a consent that they have not given."""
        return any(_is_of_consent(f) and self.standing(f).state is not State.GIVEN for f in node.free_fields())


def explain(condition: Condition, profile: Profile, segment_keys: Iterable[str], *, now: datetime) -> Clause:
    """Evaluate each clause of a condition for a person."""
    document = language.document_of(profile, segment_keys)
    return _clause(condition, _Person(profile, document, Context(now, _history_of(profile, condition))))


def _history_of(profile: Profile, condition: Condition) -> History:
    asked = reads(condition)
    if not asked.has_history:
        return language.history([])
    events = Event.objects.filter(profile_id=profile.pk, is_valid=True)
    if asked.any_event_type:
        events = events.exclude(type__in=platform_events.types() - asked.event_types)
    else:
        events = events.filter(type__in=asked.event_types)
    return language.history(language.event_of(event) for event in events.order_by("-time")[:MAX_EVENTS])


def _clause(node: Condition, person: _Person) -> Clause:
    known = truth(node)(person.document, person.context)
    match node:
        case And(items) | Or(items):
            join = "and" if isinstance(node, And) else "or"
            return Clause(str(node), known, join, (), tuple(_clause(item, person) for item in items))
        case Not(And() | Or() | Not() as item):
            return Clause(str(node), known, "not", (), (_clause(item, person),))
    values = tuple(_value(part, person) for part in _parts(node))
    return Clause(str(node), known, values=values, lacks_consent=person.lacks(node))


def _value(part: Operand, person: _Person) -> Value:
    if isinstance(part, Field) and _is_of_consent(part):
        return Value(part.keys[1], consents.told(person.standing(part)), _fields(part))
    return Value(str(part), value(part)(person.document, person.context), _fields(part))


def _is_of_consent(field: Field) -> bool:
    return bare_consents.is_bare(field) and len(field.keys) > 1


def _parts(node: Node) -> Iterator[Operand]:
    """Yield what is worth knowing of a test: its operands, what functions were made of, how many events there were."""
    match node:
        case Not(item):
            yield from _parts(item)
        case Did(events):
            yield Aggregate("count", events)
        case Items(_, operand):
            yield operand
        case Consent():
            yield from node.free_fields()
        case _:
            for child in node.children():
                if isinstance(child, Operand) and not isinstance(child, Literal | ListLiteral):
                    yield child
                    if isinstance(child, Call):
                        yield from child.free_fields()


def _fields(part: Operand) -> frozenset[Field]:
    return frozenset(node for node in walk(part) if isinstance(node, Field))
