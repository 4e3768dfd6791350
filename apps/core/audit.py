"""The record of what people did: who, what, to which object, when, and from where. Never with personal data."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models
from django.http import HttpRequest

from apps.core.clients import client_ip
from apps.core.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `key` is user:<id>, key:<prefix> or system; the name is for people."""

    key: str
    name: str
    ip: str = ""


SYSTEM: Final = Actor("system", "The platform")


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


def record(
    action: str, *, actor: Actor, at: datetime, object: models.Model | None = None, **details: Any
) -> AuditEntry:
    """Note an action, in the caller's transaction: what was rolled back was not done.

    `action` is a verb in the past (`erased`, `changed`). Details hold names of fields, counts and ids, and what
    configuration was before and after; never what a field of a person holds: the record outlives an erasure.
    """
    [entry] = record_all(action, [object], actor=actor, at=at, **details)
    return entry


def record_all(
    action: str, objects: Iterable[models.Model | None], *, actor: Actor, at: datetime, **details: Any
) -> list[AuditEntry]:
    """Note the same action on many objects, as `record` does for one; in one statement."""
    return AuditEntry.objects.bulk_create(
        [_entry(action, each, actor=actor, at=at, details=details) for each in objects]
    )


def _entry(
    action: str, object: models.Model | None, *, actor: Actor, at: datetime, details: dict[str, Any]
) -> AuditEntry:
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
