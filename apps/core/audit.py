"""The record of what people did: who, what, to which object, when, and from where. Never with personal data."""

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


def record(
    action: str, *, actor: Actor, at: datetime, object: models.Model | None = None, **details: Any
) -> AuditEntry:
    """Note an action, in the caller's transaction: what was rolled back was not done.

    `action` is a verb in the past (`erased`, `changed`). Details hold names of fields, counts and ids, never what a
    field of a person holds: the record is kept when the person is erased.
    """
    return AuditEntry.objects.create(
        at=at,
        actor=actor.key,
        actor_name=actor.name,
        ip=actor.ip,
        action=action,
        object_type=object._meta.label_lower if object else "",
        object_id=str(object.pk) if object else "",
        details=details,
    )
