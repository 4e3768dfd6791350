"""Which stored events a back-fill goes through, and what is to be done with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet, TextChoices

from apps import conditions
from apps.conditions import ConditionError
from apps.conditions.type_names import event_type
from apps.core import paths
from apps.core.ids import as_uuid
from apps.core.mistakes import DefinitionError
from apps.events.event_types.compiling import compile
from apps.events.event_types.effective import definition_of
from apps.events.event_types.rules import EventRules
from apps.events.models import Event, EventType
from apps.events.store.condition_columns import narrowed

TRAITS, PROFILES, UNDO = "index-traits", "copy-to-profiles", "undo-backfill"
# For the seconds in which a process may still work with the rules that it had before the change.
OVERLAP: Final = timedelta(minutes=1)


class CannotBackfill(ValueError):
    """What is asked for cannot be done; the message says why, and `field` which part of it is wrong, if one is."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Held(CannotBackfill):
    """Another back-fill works on a field that is asked for."""


class Mode(TextChoices):
    """What becomes of what a field holds; what somebody entered by hand stays in each of them."""

    NEWEST = "newest", "The newest wins: what is known of a later time stays"
    ONLY_EMPTY = "only_empty", "Only fill fields that are empty"
    OVERWRITE = "overwrite", "Overwrite, also what other events said of a later time"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is done with which events; for profiles also which fields, and what becomes of what they hold."""

    kind: str
    type: str
    since: datetime | None = None  # of the time of the events
    until: datetime | None = None  # exclusive
    received_since: datetime | None = None
    source: UUID | None = None
    about: UUID | None = None  # an event, or the profile or session of events
    only_flagged: bool = False
    condition: str = ""
    fields: tuple[str, ...] = ()
    mode: str = Mode.NEWEST.value

    @classmethod
    def of(cls, kind: str, params: Mapping[str, Any]) -> "Selection":
        """Read the parameters of a task, or of a dry run."""
        found: dict[str, Any] = {name: datetime.fromisoformat(params[name]) for name in _TIMES if params.get(name)}
        found |= {name: as_uuid(params[name]) for name in _IDS if params.get(name)}
        found |= {name: params[name] for name in _OTHERS if params.get(name)}
        return cls(kind, params["type"], **found, fields=tuple(params.get("fields") or ()))

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of its task: those that say something."""
        times = {name: at.isoformat() for name in _TIMES if (at := getattr(self, name))}
        ids = {name: str(id) for name in _IDS if (id := getattr(self, name))}
        others = {name: found for name in _OTHERS if (found := getattr(self, name))}
        said = {"type": self.type, **times, **ids, **others, "fields": list(self.fields)}
        return {name: found for name, found in said.items() if self.kind == PROFILES or name not in ("fields", "mode")}

    @property
    def holds(self) -> tuple[str, ...]:
        """What no other back-fill may work on meanwhile."""
        return (f"traits of {self.type}",) if self.kind == TRAITS else self.fields

    def events(self, *, at: datetime) -> QuerySet[Event]:
        """Return the events that are asked for, of those that arrived before a moment: later ones are the pipeline's.

        In no order. Flagged events say nothing of people.
        """
        found = self._of_type(at)
        bounds = {"time__gte": self.since, "time__lt": self.until, "source_id": self.source}
        found = found.filter(**{name: value for name, value in bounds.items() if value})
        if self.about:
            found = found.filter(Q(id=self.about) | Q(profile_id=self.about) | Q(session_id=self.about))
        if self.kind == PROFILES or self.only_flagged:
            found = found.filter(is_valid=not self.only_flagged)
        if self.condition:
            return narrowed(found, conditions.parse(self.condition, is_stored=True), now=at)
        return found

    def reach(self, size: int, *, after: UUID, at: datetime) -> UUID | None:
        """Return the id up to which so many events of the type lie after another one; None where there are fewer.

        A page that ends there takes its time, however few of these events are asked for.
        """
        ids = self._of_type(at).filter(id__gt=after).order_by("id").values_list("id", flat=True)
        return next(iter(ids[size - 1 : size]), None)

    def _of_type(self, at: datetime) -> QuerySet[Event]:
        found = Event.objects.filter(type=self.type, id__lt=_first_id_of(at + OVERLAP))
        return found.filter(id__gte=_first_id_of(self.received_since)) if self.received_since else found

    def rules(self) -> EventRules:
        """Return the rules of the type, of the fields that are asked for. Raises CannotBackfill."""
        rules = rules_of(self.type)
        return rules if self.kind == TRAITS else _narrowed(rules, self.fields)


_TIMES: Final = ("since", "until", "received_since")
_IDS: Final = ("source", "about")
_OTHERS: Final = ("only_flagged", "condition", "mode")


def plan(selection: Selection, *, at: datetime) -> Selection:
    """Check what is asked for, and return it with the fields by their names. Raises CannotBackfill."""
    selection = replace(selection, type=event_type(selection.type), fields=tuple(sorted(set(selection.fields))))
    if selection.since and selection.until and selection.since >= selection.until:
        raise CannotBackfill("The period ends before it begins.", field="until")
    if selection.mode not in Mode.values:
        raise CannotBackfill(f"There is no mode {selection.mode!r}: {', '.join(Mode.values)}.", field="mode")
    try:
        selection.events(at=at)
    except ConditionError as error:
        raise CannotBackfill(str(error), field="condition") from None
    if selection.kind == TRAITS:
        if selection.fields:
            raise CannotBackfill("Traits of events are extracted all together.", field="fields")
        selection.rules()
        return selection
    if selection.only_flagged:
        raise CannotBackfill("Flagged events say nothing of people, so that there is nothing to copy.")
    rules = selection.rules()
    return replace(selection, fields=tuple(selection.fields or copied_fields(rules)))


def counting_fields(rules: EventRules) -> list[str]:
    """Name the fields of the profile that count events: copying them again would count the same events twice."""
    fields = [rule.field.path for rule in rules.fields if not rule.operation.is_repeatable]
    return list(dict.fromkeys(fields + [rule.root for rule in rules.named if not rule.operation.is_repeatable]))


def copied_fields(rules: EventRules) -> list[str]:
    """Name the fields of the profile that can be copied again."""
    again = rules.repeatable()
    return list(dict.fromkeys([rule.field.path for rule in again.fields] + [rule.root for rule in again.named]))


def rules_of(type: str) -> EventRules:
    """Return the rules of a type as it is now. Raises CannotBackfill."""
    row = EventType.objects.filter(type=type).first()
    if row is None:
        raise CannotBackfill(f"There is no event type {type!r}.", field="type")
    try:
        return compile(definition_of(row))
    except DefinitionError as error:
        raise CannotBackfill(f"The event type is broken: {error}") from None


def overlap(one: str, other: str) -> bool:
    """Tell whether two fields are one, or one holds the other."""
    if one == other:
        return True
    try:
        first, second = paths.parse(one), paths.parse(other)
    except paths.PathError:
        return False
    length = min(len(first), len(second))
    return first[:length] == second[:length]


def _narrowed(rules: EventRules, fields: Iterable[str]) -> EventRules:
    """Return the rules that are copied again, of these fields, or of all. Raises CannotBackfill when a field counts."""
    known = [*copied_fields(rules), *counting_fields(rules)]
    for path in fields:
        if path not in known:
            raise CannotBackfill(f"{path}: events of this type do not change this field.", field="fields")
        if path in counting_fields(rules):
            raise CannotBackfill(
                f"{path}: it counts events, and would count those that are stored twice. It would have to be rebuilt "
                "from nothing, as computed traits are.",
                field="fields",
            )
    again = rules.repeatable()
    if not again.says_something:
        raise CannotBackfill("Events of this type change no field that can be copied again.")
    wanted = set(fields)
    if not wanted:
        return again
    return replace(
        again,
        fields=tuple(rule for rule in again.fields if rule.field.path in wanted),
        named=tuple(rule for rule in again.named if rule.root in wanted),
    )


def _first_id_of(at: datetime) -> UUID:
    """Return what lies before all ids that are made from a moment on: they begin with it."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
