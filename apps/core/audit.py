"""The record of what people did: who, what, to which object, when, and from where. Never with personal data."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.db import connection, models, transaction
from django.http import HttpRequest

from apps.conditions import ConditionError, masked, parse
from apps.conditions.text import MASK
from apps.core.claims import Claimable
from apps.core.clients import client_ip
from apps.core.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `key` is user:<id>, key:<prefix>, command or system; the name is for people."""

    key: str
    name: str
    ip: str = ""


SYSTEM: Final = Actor("system", "The platform")
COMMAND: Final = Actor("command", "A command")  # whoever has a shell of the machine
CONDITIONS: Final = frozenset({"condition", "when"})  # the names under which configuration has them
NEVER_RECORDED: Final = frozenset({"password", "last_login"})


def actor_of(request: HttpRequest) -> Actor:
    """Tell who sends a request of the admin's."""
    return Actor(f"user:{request.user.pk}", request.user.get_username(), client_ip(request))


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what changed from one object to another, by dotted path, with what was there before and after."""
    found: dict[str, dict[str, Any]] = {}
    for name in before | after:
        one, other = before.get(name), after.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found |= {f"{name}.{path}": change for path, change in differences(one, other).items()}
        elif one != other and (one or other or None not in (one, other)):
            found[name] = {"before": one, "after": other}
    return found


def values_of(row: models.Model) -> dict[str, Any]:
    """Return what is stored of a row, relations to many included; nothing that people cannot edit, and no secrets.

    How a worker holds it is no configuration either.
    """
    stored: Any = type(row)._default_manager.filter(pk=row.pk).first()
    if stored is None:
        return {}
    options = stored._meta
    held = Claimable._meta.fields if isinstance(row, Claimable) else ()
    left_out = NEVER_RECORDED.union(field.name for field in held)
    editable = [field for field in options.concrete_fields if field.editable and not field.primary_key]
    values = {field.name: field.value_from_object(stored) for field in editable if field.name not in left_out}
    many = {field.name: sorted(map(str, getattr(stored, field.name).all())) for field in options.many_to_many}
    as_json: dict[str, Any] = orjson.loads(orjson.dumps(values | many, default=str))
    return as_json


def changes_of(model: type[models.Model], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the details of a change of configuration; free texts without what they say, for they may name people."""
    free = {field.name for field in model._meta.concrete_fields if isinstance(field, models.TextField)} - CONDITIONS
    told = {
        path: {
            side: value and MASK if path in free else without_values(value, path.rpartition(".")[2])
            for side, value in change.items()
        }
        for path, change in differences(before, after).items()
    }
    return {"changes": told} if told else {}


def without_values(value: Any, name: str = "") -> Any:
    """Return what was configured under a name, its conditions without their values: these may name people."""
    if isinstance(value, dict):
        return {key: without_values(below, key) for key, below in value.items()}
    if isinstance(value, list):
        return [without_values(item, name) for item in value]
    if name not in CONDITIONS or not isinstance(value, str) or not value:
        return value
    try:
        return masked(parse(value, is_stored=True))
    except ConditionError:
        return MASK


def record(
    action: str, *, actor: Actor, at: datetime, object: models.Model | None = None, **details: Any
) -> AuditEntry:
    """Note an action, in the transaction that does it: either both are there after a crash, or neither.

    `action` is a verb in the past (`erased`, `changed`). Details hold names of fields, counts and ids, and what
    configuration was before and after; never what a field of a person holds: the record outlives an erasure.
    Raises TransactionManagementError outside of a transaction: there, the action would have been committed before.
    """
    [recorded] = record_all(action, [object], actor=actor, at=at, **details)
    return recorded


def record_again(
    action: str, *, actor: Actor, at: datetime, object: models.Model, within: timedelta, **details: Any
) -> None:
    """Note an action that somebody does again and again, such as saving what they draw, once for so long a time.

    Where the object's latest entry is younger, and says the same of the same actor, it notes how many `times`, and
    `until` when. Who calls holds the object's row locked.
    """
    last = AuditEntry.objects.filter(object_id=str(object.pk)).order_by("-id").first()
    said = {name: value for name, value in last.details.items() if name not in ("times", "until")} if last else {}
    is_same = last and (last.actor, last.action, said) == (actor.key, action, details) and at - last.at < within
    if last is None or not is_same:
        record(action, actor=actor, at=at, object=object, **details)
        return
    last.details = {**said, "times": last.details.get("times", 1) + 1, "until": at.isoformat()}
    last.save(update_fields=["details"])


def record_all(
    action: str, objects: Iterable[models.Model | None], *, actor: Actor, at: datetime, **details: Any
) -> list[AuditEntry]:
    """Note the same action on many objects, as `record` does for one; in one statement."""
    blocks: list[Any] = connection.atomic_blocks
    # The one around a test does not count, as nobody else has it.
    if not blocks or blocks[-1]._from_testcase:
        raise transaction.TransactionManagementError("Record an action in the transaction that does it.")
    return AuditEntry.objects.bulk_create([entry(action, each, actor=actor, at=at, **details) for each in objects])


def record_by_itself(
    action: str, *, actor: Actor, at: datetime, object: models.Model | None = None, **details: Any
) -> AuditEntry:
    """Note an action that changes nothing in the database: a sign-in, an export, what was done to a queue."""
    with transaction.atomic():
        return record(action, actor=actor, at=at, object=object, **details)


def entry(action: str, object: models.Model | None = None, *, actor: Actor, at: datetime, **details: Any) -> AuditEntry:
    """Make a row as `record` stores it, for those who store many that differ in one statement."""
    return AuditEntry(
        at=at,
        actor=actor.key,
        actor_name=actor.name,
        ip=actor.ip,
        action=action,
        object_type=object._meta.label_lower if object else "",
        object_id=str(object.pk) if object else "",
        details=details,
    )
