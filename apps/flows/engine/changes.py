"""What nodes do to a profile: operations on its fields, under its lock, with who did it in the provenance.

A flow says something now, and not at the time of an event: whatever was there gives way to it, and only what happens
later takes it back. No event that is stored says the same; so back-fills leave alone what a flow set, as they do what
people entered by hand, and of two profiles that are merged the later word counts, whoever said it.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from apps.conditions.nearest import nearest
from apps.core import paths, storable
from apps.core.paths import MISSING, Path, PathError
from apps.events.event_types import copying
from apps.events.event_types.copying import Copied
from apps.events.event_types.operations import OPERATIONS, Operation, OperationError, Order, same
from apps.events.event_types.rules import CONTACT
from apps.flows.engine.moves import Change, Failure
from apps.flows.engine.step import Setter
from apps.profiles import schema
from apps.profiles.models import Profile
from apps.profiles.provenance import Entry, entry
from apps.profiles.room import Room
from apps.profiles.schema import Field, FieldError, Kind, is_empty

# Who somebody is decides identity.py, consents are decided by people, and what is computed is computed.
CHANGEABLE: Final = ("data", "traits", "interests", "stats")
COLUMNS: Final = (*CHANGEABLE, "provenance", "email", "name", "is_anonymous", "updated_at")  # whoever changes, writes
_Before = tuple[Path, Any, Entry | None]  # what a field held, and who had said so


def apply(
    profile: Profile, changes: Iterable[Change], *, setter: Setter, now: datetime, room: Room | None = None
) -> set[str]:
    """Change a profile whose row is held, all or nothing, and return the fields that hold something else now.

    `now` is our own clock, whatever the run's says; `room` that of the person, where others have changed them before.
    The caller writes COLUMNS. Raises Failure, which names the field and not its value; nothing has changed then.
    """
    room, provenance, said = room or Room(profile.document), profile.provenance, entry(time=now, setter=str(setter))
    document = room.document
    done: list[_Before] = []
    changed: set[str] = set()
    try:
        for change in changes:
            field, target, operation = _compiled(change.path, change.operation)
            current = paths.get(document, target)
            new = _result(operation, field, current, change.value)
            done.append((target, current, provenance.get(field.path)))
            if not same(new, current):
                room.take(target, current, new)
                _put(document, target, new)
                changed.add(field.path)
            elif not operation.is_statement:
                continue
            provenance[field.path] = said
    except (FieldError, OperationError, PathError, Failure) as error:
        _undo(profile, done)
        said_of_it = error.message if isinstance(error, FieldError) else str(error)
        raise Failure(f"{change.path}: {said_of_it}") from None
    if changed:
        _finish(profile, changed, now=now)
    return changed


def refusal(path: str, operation: str) -> str:
    """Say why a node cannot do an operation on a field; empty where it can."""
    try:
        _compiled(path, operation)
    except Failure as failure:
        return str(failure)
    return ""


@lru_cache(maxsize=4_096)
def _compiled(dotted: str, name: str) -> tuple[Field, Path, Operation]:
    operation = OPERATIONS.get(name)
    if operation is None:
        raise Failure(f"There is no operation {name}; there are {', '.join(OPERATIONS)}.")
    try:
        target = paths.parse(dotted)
    except PathError as error:
        raise Failure(str(error)) from None
    field = schema.find(target) if target[0] in CHANGEABLE and len(target) > 1 else None
    if field is None:
        raise Failure(_no_field(dotted, target))
    if field.kind not in operation.kinds:
        raise Failure(f"It holds {field.kind.value}, on which {operation.name} does not work.")
    return field, target, operation


def _no_field(dotted: str, target: Path) -> str:
    if target[0] in CHANGEABLE and len(target) > 1:
        meant = nearest(dotted, [path for path in schema.FIELDS if path.startswith("data.")])
        return "A profile has no such field." + (f" Did you mean {meant}?" if meant else "")
    return f"A flow cannot set it; what it can is below {', '.join(CHANGEABLE)}."


def _result(operation: Operation, field: Field, current: Any, value: Any) -> Any:
    """Return what the field holds from now on. Raises FieldError and OperationError, without the value."""
    if operation.order is Order.OLDEST and not is_empty(current):
        return current
    if storable.refusal_in(value, field.path):
        raise FieldError(field.path, "The value cannot be stored.")
    try:
        value = field.coerce(value)
    except FieldError:  # its words are of the value, which is nobody's business here
        raise FieldError(field.path, f"The value does not fit, as the field holds {field.kind.value}.") from None
    try:
        return operation.apply(current, value)
    except OperationError as error:
        if Kind.TEXTS in operation.kinds:
            raise
        raise OperationError("What the field holds is nothing that can be reckoned with.") from error


def _put(document: dict[str, Any], target: Path, value: Any) -> None:
    if value is MISSING:
        paths.delete(document, target)
    else:
        paths.put(document, target, value)


def _undo(profile: Profile, done: list[_Before]) -> None:
    document = profile.document
    for path, value, said in reversed(done):
        _put(document, path, value)
        dotted = paths.join(path)
        if said is None:
            profile.provenance.pop(dotted, None)
        else:
            profile.provenance[dotted] = said


def _finish(profile: Profile, changed: set[str], *, now: datetime) -> None:
    facts = [path for path in changed if path.startswith("data.")]
    if facts:
        if any(path.startswith(CONTACT) for path in facts):
            copying.derive_anonymous(profile.document, Copied(changed))
        profile.summarise()
    profile.updated_at = profile.later(now)
