"""From an event to the profile: each rule of the event's type changes one field; a bad one never stops the others.

Who said what, and when, is kept for each field (see profiles/provenance.py), so that events may arrive
in any order: one that happened before the field got its value neither sets, fills nor empties it. Sums always count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from apps.core import paths
from apps.core.ids import as_uuid
from apps.core.paths import MISSING, Path, PathError
from apps.events.operations import EQUALS, Operation, OperationError, Order, same
from apps.events.rules import EventRules, NamedRule, Percentage
from apps.profiles import schema
from apps.profiles.provenance import Provenance
from apps.profiles.schema import Field, FieldError, Kind, is_empty

Document = dict[str, Any]
_REACHABLE_BY: Final = ("data.contact.email", "data.contact.phone", "data.contact.app")
_ANONYMOUS: Final = "data.anonymous"
# What is computed from sums counts in any order, as they do.
_COMPUTED: Final = replace(EQUALS, name="computed", order=Order.ANY)


@dataclass(slots=True)
class Copied:
    """What an event did to a profile: the paths of the fields that changed, and (path, message) of what did not fit."""

    changed: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """What an event says, and when it happened; `is_repeat` when it is copied again after it was stored."""

    properties: Mapping[str, Any]
    traits: Mapping[str, Any]
    time: datetime
    event_id: UUID
    is_repeat: bool = False
    source_id: UUID | None = None


@dataclass(slots=True)
class _Writer:
    """Writes what one event says into one profile."""

    at: str
    event_id: str
    source_id: str
    document: Document
    provenance: Provenance
    is_repeat: bool = False

    def write(self, field: Field, target: Path, operation: Operation, value: object) -> bool:
        """Let the event do its operation on a field, and tell whether the field changed.

        Raises FieldError, OperationError or PathError when the value does not fit; nothing has changed then.
        """
        current = paths.get(self.document, target)
        known = self.provenance.get(field.path)
        is_late = known is not None and self._is_before(known)
        if known is not None and not self._has_a_say(operation, known, current, is_late=is_late):
            return False
        value = field.coerce(value)
        if operation.order is Order.OLDEST and is_empty(value):
            return False
        new = operation.apply(current, value)
        is_changed = not same(current, new)
        if is_changed:
            self._set(target, new)
        if (is_changed or operation.is_statement) and (not is_late or operation.order is Order.OLDEST):
            self.provenance[field.path] = [self.at, self.event_id, self.source_id]
        return is_changed

    def _is_before(self, known: list[str]) -> bool:
        # Times are ISO texts in UTC, which sort by time, and ids sort by arrival. Of two events at one time the later
        # arrival wins; when an event is copied again, its arrival is that of long ago.
        if self.is_repeat:
            return (self.at, self.event_id) < (known[0], known[1])
        return self.at < known[0]

    def _has_a_say(self, operation: Operation, known: list[str], current: object, *, is_late: bool) -> bool:
        if not is_late:  # the first word stands, unless this event said it
            return operation.order is not Order.OLDEST or is_empty(current) or known[1] == self.event_id
        if operation.order is Order.NEWEST:
            return False
        if operation.order is Order.OLDEST or self.is_repeat:
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


def copy(rules: EventRules, said: Said, *, document: Document, provenance: Provenance) -> Copied:
    """Change the profile as the rules of the event's type say: first the fields, then what is computed from them.

    `document` is the profile as a tree of primary_id, data, traits, interests, consents and stats; it and `provenance`
    are changed in place. A property that was not sent does nothing; one that is null empties the field.
    """
    copied = Copied()
    if not (rules.fields or rules.named):
        return copied
    writer = _writer(said, document, provenance)
    for rule in rules.fields:
        value = rule.value(said.properties, said.traits, at=writer.at)
        if value is not MISSING:
            _try(writer, rule.field, rule.target, rule.operation, value, copied)
    for named in rules.named:
        _apply_named(writer, named, said.properties, copied)
    if copied.changed:
        for percentage in rules.percentages:
            _compute_percentage(writer, percentage, copied)
        if any(path.startswith(_REACHABLE_BY) for path in copied.changed):
            _derive_anonymous(document, copied)
    return copied


def put(path: Path, value: object, said: Said, *, document: Document, provenance: Provenance) -> bool:
    """Set one field of the profile, unless it holds something newer, and tell whether it changed.

    Raises FieldError when the profile has no such field or the value does not fit; below `traits`, `interests` and
    `stats` everything fits, unless the path leads through something that is no object: then it raises PathError.
    """
    target = schema.find(path)
    if target is None:
        raise FieldError(paths.join(path), "A profile has no such field.")
    return _writer(said, document, provenance).write(target, path, EQUALS, value)


def _writer(said: Said, document: Document, provenance: Provenance) -> _Writer:
    at = said.time.astimezone(UTC).isoformat()
    source_id = str(said.source_id or "")
    return _Writer(at, str(said.event_id), source_id, document, provenance, said.is_repeat)


def _try(writer: _Writer, field: Field, target: Path, operation: Operation, value: object, copied: Copied) -> None:
    """Write, and note what does not fit as a problem: a mistake in one field is no reason to lose the rest."""
    try:
        if writer.write(field, target, operation, value):
            copied.changed.add(field.path)
    except FieldError as error:
        copied.problems.append((field.path, error.message))
    except (OperationError, PathError) as error:
        copied.problems.append((field.path, str(error)))


def _apply_named(writer: _Writer, rule: NamedRule, properties: Mapping[str, Any], copied: Copied) -> None:
    name = paths.get(properties, rule.name)
    if not isinstance(name, str) or is_empty(name):
        copied.problems.append((rule.root, f"The property {paths.join(rule.name)} must name one of the {rule.root}."))
        return
    # The name is one key, dots and all.
    target = (rule.root, name)
    field = Field(paths.join(target), Kind.NUMBER, name)
    value = paths.get(properties, rule.value)
    value = rule.default if value is MISSING else value
    if value is MISSING or value is None:
        copied.problems.append((field.path, "Expected a number."))
    else:
        _try(writer, field, target, rule.operation, value, copied)


def _compute_percentage(writer: _Writer, rule: Percentage, copied: Copied) -> None:
    numbers = [paths.get(writer.document, path) for path in (rule.part, rule.whole)]
    try:
        part, whole = (0 if is_empty(each) else schema.number(each) for each in numbers)
    except ValueError as error:
        copied.problems.append((rule.field.path, str(error)))
        return
    _try(writer, rule.field, rule.target, _COMPUTED, round(100 * part / whole, 2) if whole else 0, copied)


def _derive_anonymous(document: Document, copied: Copied) -> None:
    """Note whether anybody could be reached: by e-mail, phone or messenger."""
    is_anonymous = not any(_is_known(paths.get(document, path)) for path in _REACHABLE_BY)
    if paths.get(document, _ANONYMOUS) is not is_anonymous:
        paths.put(document, _ANONYMOUS, is_anonymous)
        copied.changed.add(_ANONYMOUS)


def _is_known(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_is_known, value.values()))
    return not is_empty(value)
