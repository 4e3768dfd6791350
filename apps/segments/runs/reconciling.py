"""Memberships are made what the condition of a segment says, for many people at once.

First those are found for whom the condition differs from what is stored, without a lock; then only they are locked
and evaluated again, and what still differs is written. So locks are few and short, and whoever does it twice changes
nothing twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import connection

from apps import conditions
from apps.conditions import Layout, Sql
from apps.profiles import ledger
from apps.profiles.models import Profile
from apps.segments import language, memberships
from apps.segments.definitions import Definition, Definitions
from apps.segments.memberships import Changed
from apps.segments.models import Cause, SegmentVersion

# Sides of the join: whom the condition is true of, and who is a member.
DIFFERENT = """
SELECT coalesce(found.id, member.profile_id), found.id IS NOT NULL
FROM (SELECT p.id FROM profiles_profile AS p WHERE {people} AND {condition}) AS found
FULL JOIN (
    SELECT profile_id FROM segments_membership WHERE segment_id = %s AND left_at IS NULL AND {members}
) AS member ON member.profile_id = found.id
WHERE {wanted} ORDER BY 1
"""
_EITHER, _ENTERING = "found.id IS NULL OR member.profile_id IS NULL", "member.profile_id IS NULL"


class Outdated(Exception):
    """The definitions have changed since they were read."""


class People(Protocol):
    """Some profiles."""

    def within(self, column: str) -> Sql:
        """Return SQL that is true where a column has the id of one of them."""


@dataclass(frozen=True, slots=True)
class Range:
    """The profiles whose ids lie within bounds."""

    after: UUID
    until: UUID

    def within(self, column: str) -> Sql:
        """Compare with the bounds."""
        return Sql(f"{column} > %s AND {column} <= %s", (self.after, self.until))


@dataclass(frozen=True, slots=True)
class Those:
    """The profiles with these ids."""

    ids: Sequence[UUID]

    def within(self, column: str) -> Sql:
        """Compare with each."""
        return Sql(f"{column} = ANY(%s)", (list(self.ids),))


def different(definition: Definition, people: People, *, now: datetime) -> dict[UUID, bool]:
    """Return for whom it differs from what is stored whether they belong to a segment: {profile id: belongs}."""
    condition, params = conditions.to_sql(definition.condition, now=now, layout=_layout(people))
    of_people, of_members = people.within("p.id"), people.within("profile_id")
    statement = DIFFERENT.format(
        people=of_people.text,
        condition=condition,
        members=of_members.text,
        wanted=_ENTERING if definition.is_sticky else _EITHER,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*of_people.params, *params, definition.id, *of_members.params])
        return dict(cursor.fetchall())


def reconcile(
    definition: Definition, ids: Iterable[UUID], definitions: Definitions, *, because: Cause, now: datetime
) -> Changed:
    """Evaluate some people again and store what differs; the caller's transaction holds their rows from then on.

    Raises Outdated when the definitions are no longer those: then nothing was stored. See Note [Versions].
    """
    held = set(Profile.objects.all().locked(list(ids)).values_list("id", flat=True))
    if SegmentVersion.objects.exclude(number=definitions.version).exists():
        raise Outdated
    if definition.has_history:
        held -= ledger.unmoved(held)  # until their past events are in their place, nobody can tell
    found = different(definition, Those(sorted(held)), now=now)
    return memberships.change(
        entered=[(definition.id, profile_id) for profile_id, belongs in found.items() if belongs],
        left=[(definition.id, profile_id) for profile_id, belongs in found.items() if not belongs],
        because=because,
        now=now,
        is_silent=not definition.is_built,
    )


def _layout(people: People) -> Layout:
    """Return the layout in which no more past events are looked at than those of these people."""
    layout = language.layout()
    assert layout.events
    assert layout.events.only
    known, own = layout.events.only, people.within(layout.events.owner)
    only = Sql(f"{known.text} AND {own.text}", (*known.params, *own.params))
    return replace(layout, events=replace(layout.events, only=only))
