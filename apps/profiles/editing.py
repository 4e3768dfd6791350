"""Somebody sets fields of a profile by hand: a person in the admin, or a program with a key."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from apps.core import audit, paths, storable
from apps.core.audit import Actor
from apps.core.paths import MISSING, Path, PathError
from apps.profiles import anonymity, dirty, ledger, observing, schema
from apps.profiles.identifiers import normalise
from apps.profiles.models import Identifier, Profile, ProfileChange
from apps.profiles.provenance import entry
from apps.profiles.room import Room
from apps.profiles.schema import FieldError

# Who somebody is decides identity.py, consents are decided by events, and what is computed is computed.
EDITABLE_ROOTS: Final = frozenset({"data", "traits", "interests"})
COLUMNS: Final = ("data", "traits", "interests", "provenance", "email", "name", "is_anonymous", "updated_at")


_EMAIL, _PHONE = "data.contact.email.", "data.contact.phone."
Check = Callable[[str, Any], None]
_PHONE_NUMBER: Final = re.compile(r"\+?(?:[\s()./-]*\d){5,15}[\s()./-]*")


class CannotEdit(ValueError):
    """Some fields cannot be set; nothing was. `problems` are (path, message)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


def edit(profile_id: UUID, values: Mapping[str, Any], *, actor: Actor, now: datetime) -> Profile:
    """Set fields, {dotted path: value}, null empties one; all of them or none. Return the living profile.

    Who set a field by hand is in its provenance: only events that happen later can set it again. Raises CannotEdit,
    Profile.DoesNotExist, and ledger.NotYet while others keep merging this person.
    """
    with transaction.atomic():
        return _edit(ledger.locked_one(profile_id), values, actor=actor, now=now, check=_plausible)


def undo(change: ProfileChange, *, actor: Actor, now: datetime) -> Profile:
    """Set a field to what it held before a change, unless it was set again since. Raises as `edit` does."""
    with transaction.atomic():
        profile = ledger.locked_one(change.profile_id)
        if not is_standing(change, profile):
            raise CannotEdit([(change.path, "It has been set again since.")])
        return _edit(profile, {change.path: change.before}, actor=actor, now=now)


def is_standing(change: ProfileChange, profile: Profile) -> bool:
    """Tell whether a profile still holds what a change set."""
    found = paths.get(profile.document, paths.parse(change.path))
    return bool((None if found is MISSING else found) == change.after)


def _edit(
    profile: Profile, values: Mapping[str, Any], *, actor: Actor, now: datetime, check: Check | None = None
) -> Profile:
    seen = observing.see([profile], now=now)
    changes = _apply(profile, values, actor=actor, now=now, check=check)
    profile.summarise()
    profile.updated_at = profile.later(now)
    profile.save(update_fields=COLUMNS)
    ProfileChange.objects.bulk_create(changes)
    dirty.mark([profile.id])
    observing.tell(seen, now=now)
    if changes:
        fields = sorted({_told(row.path) for row in changes})
        audit.record("changed", actor=actor, at=now, object=profile, fields=fields)
    return profile


def _told(path: str) -> str:
    """Return the name of a field for the audit log; one that is itself what it should only name is not told."""
    return path if path in schema.FIELDS or not anonymity.is_telling(path) else f"{paths.parse(path)[0]}.…"


def _plausible(path: str, value: Any) -> None:
    """Refuse what nobody can mean: senders of events may know no better, people do."""
    if not isinstance(value, str) or not value.strip():
        return
    if path.startswith(_EMAIL) and not normalise(Identifier.Kind.EMAIL, value):
        raise FieldError(path, "This is no e-mail address, such as anna@example.com.")
    if path.startswith(_PHONE) and not _PHONE_NUMBER.fullmatch(value.strip()):
        raise FieldError(path, "This is no phone number, such as +49 170 1234567.")


def _apply(
    profile: Profile, values: Mapping[str, Any], *, actor: Actor, now: datetime, check: Check | None
) -> list[ProfileChange]:
    document = profile.document
    room = Room(document)
    problems: list[tuple[str, str]] = []
    changes: list[ProfileChange] = []
    for dotted, value in values.items():
        unstorable = storable.refusal_in({dotted: value}, dotted)
        if unstorable:
            problems.append((dotted, unstorable.message))
            continue
        try:
            path, after = _checked(dotted, value)
            if check:
                check(dotted, after)
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
