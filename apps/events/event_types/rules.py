"""What happens to events of a type: made of its definition once, so that each event only costs look-ups."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any, Final

from apps.conditions import Matcher, values
from apps.core import paths
from apps.core.paths import MISSING, Path
from apps.events.event_types.operations import Operation
from apps.events.event_types.reshaping import Reshape
from apps.events.event_types.validation import Check
from apps.profiles.schema import Field, Kind

PROPERTIES: Final = "properties."  # what a path in the properties begins with; any other is that of an event trait
CONTACT: Final = ("data.contact.email", "data.contact.phone", "data.contact.app")  # by which somebody can be reached


@dataclass(frozen=True, slots=True)
class TraitRule:
    """A trait of the event, and the properties it is copied from: the first that was sent, or else the default."""

    parents: Path
    last: str
    sources: tuple[Path, ...]
    default: Any = MISSING
    # Sources that others lie within, as `email` holds `email.main`: they count where they are no such holders.
    holders: frozenset[Path] = frozenset()


# From the properties, the traits and the time of an event to what it brings to a field, or MISSING.
Value = Callable[[Mapping[str, Any], Mapping[str, Any], str], Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the profile and where it is; what each event needs of it is worked out once."""

    field: Field
    target: Path
    path: str = dataclass_field(init=False)
    parents: Path = dataclass_field(init=False)
    key: str = dataclass_field(init=False)
    is_free: bool = dataclass_field(init=False)  # it takes any value as it is

    def __post_init__(self) -> None:
        """Take the target apart."""
        object.__setattr__(self, "path", self.field.path)
        object.__setattr__(self, "parents", self.target[:-1])
        object.__setattr__(self, "key", self.target[-1])
        object.__setattr__(self, "is_free", self.field.kind is Kind.FREE)


@dataclass(frozen=True, slots=True)
class FieldRule(Place):
    """What an event does to one field of the profile."""

    operation: Operation
    value: Value
    when: Matcher | None = None  # the condition on which it happens
    said: str = ""  # the property that holds what it brings, as in properties.birthday


@dataclass(frozen=True, slots=True)
class NamedRule:
    """What an event does to the field that a property names, such as one of the interests."""

    root: str
    operation: Operation
    name: Path
    value: Path
    default: Any


@dataclass(frozen=True, slots=True)
class Percentage(Place):
    """A field that is the percentage of one number of the profile in another."""

    part: Path
    whole: Path


@dataclass(frozen=True, slots=True)
class EventRules:
    """All that happens to events of a type, apart from what happens to all events."""

    type: str
    journey: Callable[[int | None], str | None]
    tags: tuple[str, ...]
    traits: tuple[TraitRule, ...]
    redactions: tuple[tuple[Path, str], ...]
    fields: tuple[FieldRule, ...]
    named: tuple[NamedRule, ...]
    percentages: tuple[Percentage, ...]
    is_about_contact: bool  # some field is one by which somebody can be reached
    check: Check | None
    reshape: Reshape | None
    numbers: tuple[Path, ...] = ()  # the properties that are declared as numbers

    @property
    def says_something(self) -> bool:
        """Tell whether events of the type change their profile, beside that they count."""
        return bool(self.fields or self.named)

    def property_for(self, path: str) -> str:
        """Name the property that says what comes to a field of the profile; empty where it is none."""
        for rule in self.fields:
            if rule.path == path:
                return rule.said
        for named in self.named:
            if path.partition(".")[0] == named.root:
                return PROPERTIES + paths.join(named.name if path == named.root else named.value)
        return ""

    def odd_numbers(self, properties: Mapping[str, Any]) -> Iterator[Path]:
        """Yield the properties that are declared as numbers, and say none: every event passes here."""
        for path in self.numbers:
            value = properties.get(path[0])
            if len(path) > 1 and value is not None:
                value = paths.get(properties, path)
            if value is None or value is MISSING or type(value) is int or type(value) is float:
                continue
            if values.number(value) is None:
                yield path

    def without(self, closed: Collection[str]) -> "EventRules":
        """Return what is left of the rules when some fields may not be changed; those that a name leads to are not."""
        return replace(
            self,
            fields=tuple(rule for rule in self.fields if rule.path not in closed),
            percentages=tuple(rule for rule in self.percentages if rule.path not in closed),
        )

    def repeatable(self) -> "EventRules":
        """Return what is left of the rules when events are copied again: sums would count them twice."""
        return replace(
            self,
            fields=tuple(rule for rule in self.fields if rule.operation.is_repeatable),
            named=tuple(rule for rule in self.named if rule.operation.is_repeatable),
        )
