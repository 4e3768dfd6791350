"""From an event to the profile: each rule of the event's type changes one field; a bad one never stops the others.

Who said what, and when, is kept for each field (see profiles/provenance.py), so that events may arrive
in any order: one that happened before the field got its value neither sets, fills nor empties it. Sums always count.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from apps.core import paths
from apps.core.ids import as_uuid
from apps.core.paths import MISSING, Path, PathError
from apps.events.event_types.operations import EQUALS, Operation, OperationError, Order, same
from apps.events.event_types.rules import CONTACT, EventRules, NamedRule, Percentage, Place
from apps.profiles import conversions
from apps.profiles.provenance import Provenance
from apps.profiles.room import Room
from apps.profiles.schema import Field, FieldError, Kind, is_empty

Document = dict[str, Any]
Saying = tuple[Place, Operation, Any]  # an event does an operation on a field, with a value
ANONYMOUS: Final = "data.anonymous"  # whether nobody could be reached
# Looked up for each field of each event.
_OLDEST, _NEWEST = Order.OLDEST, Order.NEWEST
# What is computed from sums counts in any order, as they do.
_COMPUTED: Final = replace(EQUALS, name="computed", order=Order.ANY)


@dataclass(slots=True)
class Copied:
    """What an event did to a profile: the paths of the fields that changed, and (path, message) of what did not fit."""

    changed: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def note(self, place: Place, error: FieldError | OperationError | PathError) -> None:
        """Add what did not fit to the problems."""
        self.problems.append((place.path, error.message if isinstance(error, FieldError) else str(error)))


@dataclass(slots=True)  # not frozen, which would make it three times as slow to create
class Said:
    """What an event says, and when it happened; `is_repeat` when it is copied again after it was stored."""

    properties: Mapping[str, Any]
    traits: Mapping[str, Any]
    time: datetime
    event_id: UUID
    is_repeat: bool = False
    source: str = ""  # its id


@dataclass(slots=True)
class _Writer:
    """Writes what one event says into one profile."""

    at: str
    event_id: str
    stamp: list[str]  # what the provenance of each field says that the event sets
    document: Document
    provenance: Provenance
    room: Room
    is_repeat: bool = False

    def write(self, sayings: Iterable[Saying], copied: Copied) -> None:
        """Let the event do its operation on one field after the other, and note which changed, and what did not fit.

        What does not fit changes nothing, and is no reason to lose the rest. Every event goes through this loop once
        for each of its rules: only what seldom happens is a call.
        """
        at, document, provenance, is_repeat = self.at, self.document, self.provenance, self.is_repeat
        parents: Path | None = None
        holder: dict[str, Any] | None = None  # what is there; neighbouring fields share the way to it
        for place, operation, value in sayings:
            if holder is None or place.parents != parents:
                parents, holder = place.parents, _object_at(document, place.parents)
            path, order = place.path, operation.order
            current = paths.get(document, place.target) if holder is None else holder.get(place.key, MISSING)
            known = provenance.get(path)
            # Times are ISO texts in UTC, which sort by time. Of two events at one time the later arrival wins.
            is_late = known is not None and (at < known[0] or (is_repeat and self._arrived_before(known)))
            if known and (is_late or order is _OLDEST) and not self._has_a_say(order, known, current, is_late=is_late):
                continue
            try:
                if not place.is_free or isinstance(value, (dict, list)):
                    value = place.field.coerce(value)
                if order is _OLDEST and is_empty(value):
                    continue
                new = operation.apply(current, value)
                # A text is the same as an equal one, and as nothing else.
                is_changed = new is not current and (new != current or not (type(new) is str or same(current, new)))
                if is_changed:
                    self.room.take(place.target, current, new)
                    if holder is None or new is MISSING:
                        self._set(place.target, new)
                    else:
                        holder[place.key] = new
                    copied.changed.add(path)
            except (FieldError, OperationError, PathError) as error:
                copied.note(place, error)
                continue
            if (is_changed or operation.is_statement) and (not is_late or order is _OLDEST):
                provenance[path] = self.stamp

    def _arrived_before(self, known: list[str]) -> bool:
        # Ids sort by arrival; when an event is copied again, its arrival is that of long ago.
        return self.at == known[0] and self.event_id < known[1]

    def _has_a_say(self, order: Order, known: list[str], current: object, *, is_late: bool) -> bool:
        if not is_late:  # the first word stands, unless this event said it
            return order is not _OLDEST or is_empty(current) or known[1] == self.event_id
        if order is _NEWEST:
            return False
        if order is _OLDEST or self.is_repeat:
            # What a person said since stands, and what was emptied since stays empty.
            return not is_empty(current) and as_uuid(known[1]) is not None
        return True

    def _set(self, target: Path, value: object) -> None:
        if value is not MISSING:
            paths.put(self.document, target, value)
        elif len(target) > 1:
            paths.delete(self.document, target)
        else:  # the parts of a profile are always there
            self.document[target[0]] = None


def copy(
    rules: EventRules,
    said: Said,
    *,
    document: Document,
    provenance: Provenance,
    room: Room | None = None,
    closed: Collection[str] = (),
) -> Copied:
    """Change the profile as the rules of the event's type say: first the fields, then what is computed from them.

    `document` is the profile as a tree of primary_id, data, traits, interests, consents and stats; it and `provenance`
    are changed in place. A property that was not sent does nothing; one that is null empties the field. To `closed`
    fields no name in the event leads; the rules of others are left out before (EventRules.without).
    """
    copied = Copied()
    if not rules.says_something:
        return copied
    writer = _writer(said, document, provenance, room)
    writer.write(_sayings(rules, said, writer), copied)
    for named in rules.named:
        _apply_named(writer, named, said.properties, copied, closed)
    if copied.changed:
        for percentage in rules.percentages:
            _compute_percentage(writer, percentage, copied)
        if rules.is_about_contact and any(path.startswith(CONTACT) for path in copied.changed):
            derive_anonymous(document, copied)
    return copied


def put_traits(
    traits: Mapping[str, Any], said: Said, *, document: Document, provenance: Provenance, room: Room | None = None
) -> Copied:
    """Set free traits of the profile, by whatever name, unless it holds something newer."""
    copied = Copied()
    writer = _writer(said, document, provenance, room)
    # At once, for those who send thousands.
    left_out = dict.fromkeys(writer.room.crowded_out("traits", traits), Room.crowded("traits"))
    writer.write(((_trait(name), EQUALS, value) for name, value in traits.items() if name not in left_out), copied)
    copied.problems += [(paths.join(("traits", name)), message) for name, message in left_out.items()]
    return copied


@lru_cache(maxsize=4_096)
def _trait(name: str) -> Place:
    target = ("traits", name)  # the name is one key, dots and all
    return Place(Field(paths.join(target), Kind.FREE, name), target)


def _writer(said: Said, document: Document, provenance: Provenance, room: Room | None) -> _Writer:
    at, event_id = said.time.astimezone(UTC).isoformat(), str(said.event_id)
    stamp = [at, event_id, said.source]
    return _Writer(at, event_id, stamp, document, provenance, room or Room(document), said.is_repeat)


def _sayings(rules: EventRules, said: Said, writer: _Writer) -> Iterator[Saying]:
    """Yield what the event brings to single fields, each as soon as what it brought to those before is written."""
    properties, traits, at = said.properties, said.traits, writer.at
    for rule in rules.fields:
        value = rule.value(properties, traits, at)
        if value is MISSING:
            continue
        if rule.when:
            # As of the time of the event: so it is decided the same way when it is copied again.
            event = {"type": rules.type, "time": said.time.isoformat(), "properties": properties, "traits": traits}
            if not rule.when({"event": event, "profile": writer.document}, now=said.time):
                continue
        yield rule, rule.operation, value


def _object_at(document: Document, parents: Path) -> dict[str, Any] | None:
    node: Any = document
    for key in parents:
        node = node.get(key) if type(node) is dict else None
    return node if type(node) is dict else None


def _apply_named(
    writer: _Writer, rule: NamedRule, properties: Mapping[str, Any], copied: Copied, closed: Collection[str]
) -> None:
    name = paths.get(properties, rule.name)
    if not isinstance(name, str) or is_empty(name):
        copied.problems.append((rule.root, f"The property {paths.join(rule.name)} must name one of the {rule.root}."))
        return
    # The name is one key, dots and all.
    target = (rule.root, name)
    field = Field(paths.join(target), Kind.NUMBER, name)
    if field.path in closed:
        return
    value = paths.get(properties, rule.value)
    value = rule.default if value is MISSING else value
    if value is MISSING or value is None:
        copied.problems.append((field.path, "Expected a number."))
    else:
        writer.write([(Place(field, target), rule.operation, value)], copied)


def _compute_percentage(writer: _Writer, rule: Percentage, copied: Copied) -> None:
    numbers = [paths.get(writer.document, path) for path in (rule.part, rule.whole)]
    try:
        part, whole = (0 if is_empty(each) else conversions.number(each) for each in numbers)
    except ValueError as error:
        copied.problems.append((rule.field.path, str(error)))
        return
    writer.write([(rule, _COMPUTED, round(100 * part / whole, 2) if whole else 0)], copied)


def derive_anonymous(document: Document, copied: Copied) -> None:
    """Note whether anybody could be reached."""
    is_anonymous = not is_reachable(document)
    if paths.get(document, ANONYMOUS) is not is_anonymous:
        paths.put(document, ANONYMOUS, is_anonymous)
        copied.changed.add(ANONYMOUS)


def is_reachable(document: Document) -> bool:
    """Tell whether somebody could be reached: by e-mail, phone or messenger."""
    return any(_is_known(paths.get(document, path)) for path in CONTACT)


def _is_known(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_is_known, value.values()))
    return not is_empty(value)
