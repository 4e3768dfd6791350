"""Pages of people, drawn by chance, with what is stored of them: a few statements a page, whatever their number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from apps.core.fetch import fetch
from apps.core.ids import NIL
from apps.flows.runs.loading import session_scope
from apps.flows.simulating.known_people import Decision, Known, Member
from apps.flows.triggers import happened
from apps.profiles import ledger
from apps.profiles.models import Profile
from apps.sessions.models import Session

PEOPLE: Final = 200  # of a page
MAX_EVENTS: Final = 20_000  # of a person, in the period
# People are taken by the last bits of their ids, which are random: whoever stops before all has a fair sample.
_PEOPLE: Final = """
SELECT id FROM profiles_profile
WHERE id > %s AND ('x' || right(id::text, 8))::bit(32)::bigint %% %s = %s ORDER BY id LIMIT %s
"""
_EVENTS: Final = """
SELECT id, type, time, profile_id, original_profile_id, session_id, is_silent, properties::text, traits::text,
    context::text, tags, journey
FROM events_event
WHERE profile_id = ANY(%s) AND time >= %s AND time <= %s AND is_valid AND (%s::text[] IS NULL OR type = ANY(%s))
ORDER BY profile_id, time, id LIMIT %s
"""
_MEMBERS: Final = """
SELECT profile_id, key, entered_at, left_at FROM segments_membership JOIN segments_segment AS s ON s.id = segment_id
WHERE profile_id = ANY(%s)
"""
_DECISIONS: Final = """
SELECT profile_id, consent_type_id, decided_at, is_granted, valid_until, event_id FROM profiles_consentdecision
WHERE profile_id = ANY(%s) ORDER BY decided_at, id
"""


class Place(NamedTuple):
    """How far people have been gone through: which of the strata, and after whom in it."""

    stratum: int = 0
    after: UUID = NIL


@dataclass
class Stored:
    """An event, as triggers and waits read it."""

    id: UUID
    type: str
    time: datetime
    profile_id: UUID
    original_profile_id: UUID | None
    session_id: UUID | None
    is_silent: bool
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: dict[str, Any]
    tags: list[str]
    journey: str | None

    @property
    def raw_id(self) -> UUID:
        """The id that it came with, which says whose it is."""
        return self.original_profile_id or self.profile_id

    @cached_property
    def snapshot(self) -> dict[str, Any]:
        """The event as conditions and templates read it."""
        return happened.snapshot_of(self)


@dataclass
class Page:
    """Some people, with all that their stories are made of."""

    looked_at: list[UUID]
    place: Place | None  # where the next page begins; null: this was the last one
    known: dict[UUID, Known] = field(default_factory=dict)  # those of whom there is something
    events: dict[UUID, list[Stored]] = field(default_factory=dict)  # in the order of time
    sessions: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)
    cut: set[UUID] = field(default_factory=set)  # who has more events than are read


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of people."""

    since: datetime
    until: datetime
    types: Collection[str] | None  # of events; null: all
    begins: Collection[str]  # types whose sessions matter
    reads_everybody: bool  # those, too, who have no such event: clocks look at them


def count_people() -> int:
    """Count all of whom we know."""
    return Profile.objects.count()


def page(place: Place, wanted: Wanted, *, n_strata: int, n_read: int, offset: int, most: int) -> Page:
    """Read the next page of people; of `n_strata` parts `n_read` are gone through, from the one that chance says on."""
    with connection.cursor() as cursor:
        stratum = (place.stratum + offset) % n_strata
        cursor.execute(_PEOPLE, [place.after, n_strata, stratum, most])
        ids = [id for (id,) in cursor.fetchall()]
    after = Place(place.stratum, ids[-1]) if len(ids) == most else Place(place.stratum + 1)
    found = Page(ids, after if after.stratum < n_read else None)
    if ids:
        _fill(found, wanted)
    return found


def _fill(page: Page, wanted: Wanted) -> None:
    owners = ledger.owners(page.looked_at)
    _read_events(page, owners, wanted)
    interesting = page.looked_at if wanted.reads_everybody else list(page.events)
    profiles = fetch(Profile, interesting)
    if not profiles:
        return
    members, decisions = _members(profiles), _decisions(owners, profiles)
    page.known = {
        id: Known(profile, wanted.since, members.get(id, ()), decisions.get(id, {})) for id, profile in profiles.items()
    }
    sessions = {
        event.session_id
        for events in page.events.values()
        for event in events
        if event.session_id and event.type in wanted.begins
    }
    page.sessions = {id: session_scope(row) for id, row in fetch(Session, sessions).items()}


def _read_events(page: Page, owners: Mapping[UUID, UUID], wanted: Wanted) -> None:
    """Read the events of all of a page, or, where they are too many, of one after the other."""
    places = {*page.looked_at, *ledger.unmoved_places(owners)}
    found = _events(places, wanted, most=MAX_EVENTS)
    if len(found) > MAX_EVENTS and len(page.looked_at) > 1:
        found = []
        for id in page.looked_at:
            own = {raw: whose for raw, whose in owners.items() if whose == id}
            theirs = _events({id, *ledger.unmoved_places(own)}, wanted, most=MAX_EVENTS)
            found += theirs[:MAX_EVENTS]
            page.cut |= {id} if len(theirs) > MAX_EVENTS else set()
    elif len(found) > MAX_EVENTS:
        page.cut |= {*page.looked_at}
        found = found[:MAX_EVENTS]
    by_person: dict[UUID, list[Stored]] = defaultdict(list)
    for event in found:
        whose = owners.get(event.raw_id)
        if whose is not None:
            by_person[whose].append(event)
    for events in by_person.values():
        events.sort(key=lambda each: (each.time, each.id))
    page.events = dict(by_person)


def _events(places: Collection[UUID], wanted: Wanted, *, most: int) -> list[Stored]:
    types = None if wanted.types is None else list(wanted.types)
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [list(places), wanted.since, wanted.until, types, types, most + 1])
        return [Stored(*row[:7], *map(orjson.loads, row[7:10]), *row[10:]) for row in cursor.fetchall()]


def _members(ids: Iterable[UUID]) -> dict[UUID, list[Member]]:
    found: dict[UUID, list[Member]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [list(ids)])
        for profile_id, *said in cursor.fetchall():
            found[profile_id].append(Member(*said))
    return found


def _decisions(owners: Mapping[UUID, UUID], people: Collection[UUID]) -> dict[UUID, dict[str, Sequence[Decision]]]:
    found: dict[UUID, dict[str, list[Decision]]] = defaultdict(lambda: defaultdict(list))
    with connection.cursor() as cursor:
        cursor.execute(_DECISIONS, [[raw for raw, whose in owners.items() if whose in people]])
        for raw_id, *said in cursor.fetchall():
            decision = Decision(*said)
            found[owners[raw_id]][decision.consent].append(decision)
    return {id: dict(decided) for id, decided in found.items()}
