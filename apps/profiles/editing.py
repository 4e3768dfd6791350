"""Somebody sets fields of a profile by hand: a person in the admin, or a program with a key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from apps.core import paths, storable
from apps.core.audit import Actor
from apps.core.paths import MISSING, Path, PathError
from apps.profiles import ledger, schema, touching
from apps.profiles.models import Profile, ProfileChange
from apps.profiles.provenance import entry
from apps.profiles.room import Room
from apps.profiles.schema import FieldError

# Who somebody is decides identity.py, consents are decided by events, and what is computed is computed.
EDITABLE_ROOTS: Final = frozenset({"data", "traits", "interests"})
COLUMNS: Final = ("data", "traits", "interests", "provenance", "email", "name", "is_anonymous", "updated_at")


class CannotEdit(ValueError):
    """Some fields cannot be set; nothing was. `problems` are (path, message)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


def edit(profile_id: UUID, values: Mapping[str, Any], *, actor: Actor, now: datetime) -> Profile:
    """Set fields, {dotted path: value}, null empties one; all of them or none. Return the living profile.

    Who set a field by hand is in its provenance: only events that happen later can set it again. Raises CannotEdit,
    and Profile.DoesNotExist.
    """
    with transaction.atomic():
        profile = Profile.objects.all().locked([ledger.living_id(profile_id)]).get()
        changes = _apply(profile, values, actor=actor, now=now)
        profile.summarise()
        profile.updated_at = profile.later(now)
        profile.save(update_fields=COLUMNS)
        ProfileChange.objects.bulk_create(changes)
        touching.touch([profile.id])
    return profile


def _apply(profile: Profile, values: Mapping[str, Any], *, actor: Actor, now: datetime) -> list[ProfileChange]:
    document = profile.document
    room = Room(document)
    problems: list[tuple[str, str]] = []
    changes: list[ProfileChange] = []
    for dotted, value in values.items():
        unstorable = storable.problem_in({dotted: value}, dotted)
        if unstorable:
            problems.append((dotted, unstorable.message))
            continue
        try:
            path, after = _checked(dotted, value)
            found = paths.get(document, path)
            before = None if found is MISSING else found
            if before != after:
                room.take(path, found, after)
                paths.put(document, path, after)
                changes.append(_change(profile, dotted, before, after, actor=actor, now=now))
            # Set to what it held already is said anew all the same: an older event must not take it back.
            profile.provenance[dotted] = entry(time=now, setter=actor.key)
        except FieldError as error:
            problems.append((dotted, error.message))
        except PathError as error:
            problems.append((dotted, str(error)))
    if problems:
        raise CannotEdit(problems)
    return changes


def _checked(dotted: str, value: Any) -> tuple[Path, Any]:
    path = paths.parse(dotted)
    field = schema.find(path) if path[0] in EDITABLE_ROOTS else None
    if field is None:
        raise FieldError(dotted, f"There is no such field below {', '.join(sorted(EDITABLE_ROOTS))}.")
    return path, field.coerce(value)


def _change(profile: Profile, path: str, before: Any, after: Any, *, actor: Actor, now: datetime) -> ProfileChange:
    return ProfileChange(
        profile_id=profile.id, at=now, actor=actor.key, actor_name=actor.name, path=path, before=before, after=after
    )
