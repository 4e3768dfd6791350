"""What the tables of this app hold of people; the profile comes first, since others refer to it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db.models import Q
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.profiles import anonymity, decisions
from apps.profiles.burial import burial_id
from apps.profiles.holdings import PROFILE, Person, RawRows, Rows, register
from apps.profiles.models import (
    Alias,
    ConsentDecision,
    Dirty,
    Identifier,
    IdentityConflict,
    Merge,
    Profile,
    ProfileChange,
)


@register
class Profiles(Rows):
    """The living profile."""

    name, title, models = "profile", "The profile: facts, figures, and who told us which part and when", (Profile,)
    is_at_once = True

    def names(self, person: Person) -> Iterator[tuple[str, UUID]]:
        """Yield the id, which clients keep."""
        yield PROFILE, person.id

    def rows(self, person: Person) -> Iterator[dict[str, Any]]:
        """Yield the row, and what holds of the consents that it keeps."""
        for profile, row in zip(self.found(person), super().rows(person), strict=True):
            held = decisions.held_by(profile, at=timezone.now())
            yield {**row, "consent_states": {each.type.id: decisions.shaped(each) for each in held}}

    def find(self, person: Person) -> Q:
        """Select it."""
        return Q(id=person.id)

    def anonymise(self, person: Person, *, limit: int) -> int:
        """Leave a profile without a name in its place, under an id that nobody knows."""
        for profile in self.found(person):
            columns = anonymity.columns_of(profile)
            for name, value in {**columns, "id": person.anonymous_id, "identifier_count": 0}.items():
                setattr(profile, name, value)
            profile.save(force_insert=True)
        return self.erase(person, limit=limit)


@register
class Aliases(Rows):
    """The ids that lead to the profile."""

    name, title, models = "aliases", "Other ids by which devices know the person", (Alias,)
    is_at_once = True

    def names(self, person: Person) -> Iterator[tuple[str, UUID]]:
        """Yield them."""
        for each in self.found(person):
            yield PROFILE, each.id

    def find(self, person: Person) -> Q:
        """Select those that lead to the living profile."""
        return Q(profile_id=person.id)


@register
class Identifiers(RawRows):
    """The hashed names of other systems."""

    name, title, models = (
        "identifiers",
        "Kinds of names that other systems told us; the names themselves are hashed",
        (Identifier,),
    )
    omitted = ("id",)
    is_at_once = True

    def names(self, person: Person) -> Iterator[tuple[str, UUID]]:
        """Yield them, but for those that turned out to be several people's."""
        for each in self.found(person).filter(is_shared=False):
            yield each.kind, each.id


@register
class Decisions(RawRows):
    """The ledger of consents."""

    name, title, models = (
        "consents",
        "What the person agreed to and withdrew, when, and in view of which text",
        (ConsentDecision,),
    )
    omitted = ("device_key",)
    is_at_once = True


@register
class Changes(RawRows):
    """What people and programs set by hand."""

    name, title, models = "changes", "Fields that were set by hand, by whom and when", (ProfileChange,)
    is_at_once = True


@register
class Merges(Rows):
    """The ledger of merges, with the images of what was merged."""

    name, title, models = (
        "merges",
        "Records that turned out to be about one person, and what they held before",
        (Merge,),
    )
    is_at_once = True

    def find(self, person: Person) -> Q:
        """Select the merges that touched any of the person's profiles, those that were undone included."""
        own = person.raw_ids
        return Q(kept_id__in=own) | Q(merged_id__in=own) | Q(kept_via__in=own) | Q(merged_via__in=own)


@register
class Conflicts(Rows):
    """Merges that were refused."""

    name, title, models = (
        "conflicts",
        "Records that may be about the same person and were kept apart",
        (IdentityConflict,),
    )
    is_at_once = True

    def find(self, person: Person) -> Q:
        """Select those of any of the person's profiles."""
        return Q(profile_id__in=person.raw_ids) | Q(other_id__in=person.raw_ids)


@register
class DirtyProfiles(RawRows):
    """That somebody has to look at the profile again."""

    name, title, models = "dirty", "That the record was changed a moment ago and waits to be looked at", (Dirty,)
    is_at_once = True


@register
class AdminLog(Rows):
    """What Django's admin notes when somebody edits a row: it calls the row by its name."""

    name, title, models = "edits", "When staff edited the record", (LogEntry,)
    is_at_once = True

    def find(self, person: Person) -> Q:
        """Select what was done to any of the person's profiles."""
        return Q(object_id__in=[str(id) for id in person.raw_ids])


@register
class Audit(Rows):
    """The audit log, which stays: it only forgets whom an entry was about."""

    name, title, models = "audit", "What staff did with the record", (AuditEntry,)
    is_at_once = True

    def find(self, person: Person) -> Q:
        """Select what was done to any of the person's profiles."""
        return Q(object_id__in=[str(id) for id in person.raw_ids])

    def erase(self, person: Person, *, limit: int) -> int:
        """Put the hash of the id in place of the id."""
        rows: list[Any] = list(self.found(person)[:limit])
        for row in rows:
            row.object_id = str(burial_id(UUID(row.object_id)))
        AuditEntry.objects.bulk_update(rows, ["object_id"])
        return len(rows)
