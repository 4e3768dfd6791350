"""The ledger of merges: what was merged is noted with what it was before, and everything that it led to leads on.

The raw ids are the points of a graph and the merges that stand its edges; each connected part is one living profile.
To undo a merge is to take its edge away: `plan` says which parts are then left, and from what they can be rebuilt.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import Q

from apps.core.ids import digest, new_id
from apps.core.registry import Registry
from apps.core.upsert import upsert
from apps.profiles import merging
from apps.profiles.leads import Found
from apps.profiles.models import Alias, Identifier, IdentityConflict, Merge, Profile, Reason

MAX_TRIES: Final = 10  # while others merge and separate the profiles between our look and our lock


class Moved(Exception):
    """Between our look at the ids and our lock on the profiles, some were merged, separated or erased; try again."""


class NotYet(Exception):
    """Something has to be finished first; the message says what."""


class Part(NamedTuple):
    """What is left as a profile of its own when merges are undone: all it was, and from when on more has come."""

    image: dict[str, Any]
    raw_ids: frozenset[UUID]
    since: datetime


class Plan(NamedTuple):
    """How a merge is undone: the parts, the merges after it that are undone for it, and are then merged again."""

    kept: Part
    merged: Part
    others: tuple[Part, ...]
    again: tuple[Merge, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts."""
        return (self.kept, self.merged, *self.others)


def merge_of(kept: Found, gone: Found, *, reason: Reason, identifier: Identifier | None, at: datetime) -> Merge:
    """Make the row (not saved) that notes a merge which is about to happen."""
    return Merge(
        id=new_id(),
        at=at,
        kept_id=kept.profile.id,
        merged_id=gone.profile.id,
        kept_via=kept.raw_id,
        merged_via=gone.raw_id,
        kept_before=_as_json(kept.profile),
        merged_before=_as_json(gone.profile),
        reason=reason,
        identifier_id=identifier.id if identifier else None,
        identifier_kind=identifier.kind if identifier else "",
    )


def conflict_of(
    one: Profile, other: Profile, refusal: str, *, reason: Reason, identifier: Identifier | None, at: datetime
) -> IdentityConflict:
    """Make the row (not saved) that notes why two profiles were not merged."""
    first, second = sorted((one.id, other.id))
    return IdentityConflict(
        id=digest("conflict", refusal, str(first), str(second)),
        at=at,
        refusal=refusal,
        profile_id=first,
        other_id=second,
        evidence=reason,
        identifier_id=identifier.id if identifier else None,
        identifier_kind=identifier.kind if identifier else "",
    )


# What higher apps hold of people follows merges, by the label of its table: each is told {gone: survivor}, in the
# transaction that merges. Most are told nothing when a merge is undone: what was added up stays with the survivor. So
# this is for what is worked out anew for both, as memberships are; all else keeps its raw id, and is read by `raw_ids`.
followers: Final[Registry[Callable[[Mapping[UUID, UUID]], None]]] = Registry("follower of merges", module="personal")

# What knows with which profile it came goes back: each is told the id of the whole, and {raw id: living profile} of the
# parts, in the transaction that undoes a merge.
returners: Final[Registry[Callable[[UUID, Mapping[UUID, UUID]], None]]] = Registry("returner", module="personal")

# Who set fields, and was no event, may have done so of one of the parts: from setters, as provenance has them, to the
# raw ids of those of whom it was, {setter: raw id}.
sayers: Final[Registry[Callable[[Collection[str]], Mapping[str, UUID]]]] = Registry("sayer", module="personal")


def store(merges: Sequence[Merge]) -> None:
    """Write merges whose survivors are stored already: their rows, and where all ids lead now; four statements.

    And those of the followers, of which each has a number of its own.
    """
    if not merges:
        return
    survivor: dict[UUID, UUID] = {}
    for merge in reversed(merges):  # a survivor may be merged away by a later one
        survivor[merge.merged_id] = survivor.get(merge.kept_id, merge.kept_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE profiles_alias SET profile_id = merge.kept "
            "FROM unnest(%s::uuid[], %s::uuid[]) AS merge (gone, kept) WHERE profile_id = merge.gone",
            [list(survivor), list(survivor.values())],
        )
        cursor.execute("DELETE FROM profiles_profile WHERE id = ANY(%s)", [list(survivor)])
    gone = {merge.merged_id: merge.at for merge in merges}
    upsert(Alias, [Alias(id=id, profile_id=survivor[id], origin_id=id, created_at=at) for id, at in gone.items()])
    upsert(Merge, merges)
    for follower in followers.values():
        follower(survivor)


def living_id(raw_id: UUID) -> UUID:
    """Follow any id that a profile ever had to the one that it has now; unknown ids lead to themselves."""
    return Alias.objects.filter(id=raw_id).values_list("profile_id", flat=True).first() or raw_id


def living_ids(raw_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Follow many ids, as `living_id` does one; {id: living id}, in one query."""
    aliases = dict(Alias.objects.filter(id__in=raw_ids).values_list("id", "profile_id"))
    return {raw_id: aliases.get(raw_id, raw_id) for raw_id in raw_ids}


def locked(ids: Collection[UUID], *, columns: Collection[str] = ()) -> dict[UUID, Profile]:
    """Lock the living profiles that ids lead to; {id: profile}, without those that are no more.

    Their rows are read with all columns, or with those that are named.
    Until the caller's transaction ends each id leads there: nobody merges, separates or erases whom we hold. Whoever
    reads an alias and locks by themselves may find that the profile is another person's by then. Raises Moved when
    others keep merging these profiles.
    """
    rows = Profile.objects.only(*columns) if columns else Profile.objects.all()
    for _ in range(MAX_TRIES):
        aliases = dict(Alias.objects.filter(id__in=ids).values_list("id", "profile_id"))
        leads = {each: aliases.get(each, each) for each in ids}
        with transaction.atomic():
            found = {row.id: row for row in rows.locked([*leads.values()])}
            if not has_moved(aliases, raw_ids=ids, absent=set(leads.values()) - found.keys()):
                return {each: found[living] for each, living in leads.items() if living in found}
            transaction.set_rollback(True)  # gives the locks back
    raise Moved


def locked_one(raw_id: UUID) -> Profile:
    """Lock the living profile that an id leads to, as `locked` does.

    Raises Profile.DoesNotExist, and NotYet while others keep merging this profile.
    """
    try:
        found = locked([raw_id])
    except Moved:
        raise NotYet("Others are merging this profile. Please try again in a minute.") from None
    if not found:
        raise Profile.DoesNotExist
    return found[raw_id]


def has_moved(aliases: Mapping[UUID, UUID], *, raw_ids: Collection[UUID], absent: Collection[UUID]) -> bool:
    """Tell whether ids lead elsewhere than they did at our look, or some of the `absent`, not found since, are there.

    The caller holds the locks of the profiles that were found: whoever changes an alias holds that of the profile that
    it leads to, so that these stay. One statement, and so one moment: who is merged away and back between a look at
    the aliases and one at the profiles was absent, and leads where they led before.
    """
    if not aliases and not absent:  # all are found by their own ids
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, profile_id FROM profiles_alias WHERE id = ANY(%s::uuid[]) "
            "UNION ALL SELECT id, NULL FROM profiles_profile WHERE id = ANY(%s::uuid[])",
            [list(raw_ids), list(absent)],
        )
        return set(cursor.fetchall()) != set(aliases.items())


def raw_ids(profile_ids: Iterable[UUID]) -> list[UUID]:
    """List the raw ids of living profiles: their own, and those of the profiles that were merged into them."""
    return [*owners(profile_ids)]


def owners(profile_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Tell of each raw id of living profiles whose it is; one query."""
    wanted = set(profile_ids)
    merged = Alias.objects.filter(profile_id__in=wanted).values_list("origin_id", "profile_id").distinct()
    return {each: each for each in wanted} | dict(merged)


def merges_of(profile_id: UUID) -> list[Merge]:
    """List the merges that stand of a living profile, in their order."""
    standing = Merge.objects.filter(undone_at=None, merged_id__in=raw_ids([profile_id]))
    return list(standing.order_by("at", "id"))


def separated() -> list[tuple[UUID, UUID]]:
    """List the pairs of profiles, as they live now, that a person has separated."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(one.profile_id, kept_via), coalesce(other.profile_id, merged_via) FROM profiles_merge "
            "LEFT JOIN profiles_alias AS one ON one.id = kept_via "
            "LEFT JOIN profiles_alias AS other ON other.id = merged_via WHERE undone_by <> ''"
        )
        return list(cursor.fetchall())


def belonging_to(profile_id: UUID) -> Q:
    """Return what selects the events, or sessions, of a living profile.

    Until they are moved (see events.moving), those of a profile that was merged lie under its old id, and those of one
    that was separated under the id of the other: then the raw id that they came with decides.
    """
    own = raw_ids([profile_id])
    places = unmoved_places(own)
    return Q(profile_id__in=places, original_profile_id__in=own) if places else Q(profile_id=profile_id)


def unmoved_places(own: Iterable[UUID]) -> set[UUID]:
    """List the ids under which events of these raw ids may lie while merges of them are not moved yet; else none.

    One undoing after the other can leave events far from home: from each id that may hold some, the search goes on.
    """
    places: set[UUID] = set()
    reached = set(own)
    while not reached <= places:
        places |= reached
        unmoved = Merge.objects.filter(moved_at=None).filter(Q(kept_via__in=places) | Q(merged_via__in=places))
        ends = {raw_id for pair in unmoved.values_list("kept_via", "merged_via") for raw_id in pair}
        if not ends:
            return set()
        reached = set(places_of(ends))
    return places


def unmoved(profile_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of living profiles some of whose events or sessions may lie elsewhere: see `belonging_to`."""
    pairs = Merge.objects.filter(moved_at=None).values_list("kept_via", "merged_via")
    ends = {raw_id for pair in pairs for raw_id in pair}
    return set(living_ids(ends).values()).intersection(profile_ids)


def places_of(ends: Iterable[UUID]) -> list[UUID]:
    """List the ids under which events of the profiles that these raw ids lead to may lie."""
    return raw_ids(living_ids(set(ends)).values())


def plan(cut: Merge, merges: Sequence[Merge]) -> Plan:
    """Say how a merge is undone, given all that stand of its living profile.

    An image is only good for undoing while all merges before it stand. So those after the cut are undone first, the
    latest first, and merged again when the cut is made; what was merged elsewhere before it came here stays as it is.
    """
    standing = sorted(merges, key=_order)
    others: list[Part] = []
    again: list[Merge] = []
    for merge in reversed([merge for merge in standing if _order(merge) > _order(cut)]):
        kept, merged = _ends(merge, standing)
        if cut.kept_via in merged.raw_ids:
            others.append(kept)
        elif cut.kept_via in kept.raw_ids:
            others.append(merged)
        else:
            continue
        standing.remove(merge)
        again.append(merge)
    kept, merged = _ends(cut, standing)
    return Plan(kept, merged, tuple(others), tuple(reversed(again)))


def _ends(merge: Merge, standing: Sequence[Merge]) -> tuple[Part, Part]:
    """Return what the two profiles of a merge were when it happened."""
    edges = [each for each in standing if _order(each) < _order(merge)]
    return (
        Part(merge.kept_before, _connected(merge.kept_via, edges), merge.at),
        Part(merge.merged_before, _connected(merge.merged_via, edges), merge.at),
    )


def _connected(start: UUID, edges: Sequence[Merge]) -> frozenset[UUID]:
    neighbours: dict[UUID, list[UUID]] = {}
    for edge in edges:
        neighbours.setdefault(edge.kept_via, []).append(edge.merged_via)
        neighbours.setdefault(edge.merged_via, []).append(edge.kept_via)
    reached, queue = {start}, deque([start])
    while queue:
        for neighbour in neighbours.get(queue.popleft(), []):
            if neighbour not in reached:
                reached.add(neighbour)
                queue.append(neighbour)
    return frozenset(reached)


def _order(merge: Merge) -> tuple[datetime, UUID]:
    return merge.at, merge.id


def _as_json(profile: Profile) -> dict[str, Any]:
    """Copy a row as it is now: the profile goes on to change."""
    copied: dict[str, Any] = orjson.loads(orjson.dumps(merging.image_of(profile)))
    return copied
