"""Whom the events of a back-fill are about: first all are listed, then they are gone through, person by person.

The list names the ids that the events came with: no merge changes them, and no undoing of one. Whoever is read is read
as the person who lives now, with the events of all of their ids, and leaves the list with all of these.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.core import keyset
from apps.core.ids import NIL
from apps.events.models import BackfillPerson, Event
from apps.profiles import ledger
from apps.profiles.models import Profile

MAX_PEOPLE: Final = 200  # of a page: so many nobody else can write to meanwhile
COLUMNS: Final = ("id", "time", "source_id", "profile_id", "original_profile_id", "properties", "traits")
_LIST = """
WITH page AS MATERIALIZED ({events}), listed AS (
    INSERT INTO events_backfillperson (task_id, profile_id)
    SELECT DISTINCT %s::uuid, coalesce(original_profile_id, profile_id) FROM page WHERE profile_id IS NOT NULL
    ON CONFLICT (task_id, profile_id) DO NOTHING RETURNING 1
) SELECT count(*), (SELECT count(*) FROM listed) FROM page
"""


class Listed(NamedTuple):
    """A page of the list: how many events it was made of, and how many people are new on it."""

    n_events: int
    n_people: int


def list_people(task_id: UUID, events: QuerySet[Event]) -> Listed:
    """List whom events are about, in one statement."""
    sql, params = events.order_by().values("profile_id", "original_profile_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_LIST.format(events=sql), [*params, task_id])
        return Listed(*cursor.fetchone())


class Stored(NamedTuple):
    """What is read of an event."""

    id: UUID
    time: datetime
    source_id: UUID
    profile_id: UUID
    original_profile_id: UUID | None
    properties: dict[str, Any]
    traits: dict[str, Any]

    @property
    def raw_id(self) -> UUID:
        """The id that it came with, which says whose it is."""
        return self.original_profile_id or self.profile_id


@dataclass(slots=True)
class Page:
    """Some people, whose rows are held, with their next events in the order of time."""

    profiles: dict[UUID, Profile]  # the living ones
    own: dict[UUID, UUID]  # of each of their raw ids, whose it is
    done: list[UUID]  # who leaves the list: those of whom no event is left
    events: list[Stored] = field(default_factory=list)  # person after person
    within: dict[str, str] = field(default_factory=dict)  # the person of whom more events are left, and the last event
    position: dict[str, str] = field(default_factory=dict)  # where the next page begins
    is_last: bool = False

    def by_person(self) -> Iterator[tuple[Profile, Iterable[Stored]]]:
        """Yield each person who has events here, with these."""
        for living, events in groupby(self.events, key=lambda event: self.own[event.raw_id]):
            yield self.profiles[living], events


def next_page(task_id: UUID, events: QuerySet[Event], *, position: dict[str, str], n_events: int) -> Page:
    """Hold the next people of the list, and read about so many of their events. Raises ledger.Moved.

    Who has more events than that is gone through in several pages, alone.
    """
    waiting = BackfillPerson.objects.filter(task_id=task_id, profile_id__gte=UUID(position.get("from", str(NIL))))
    listed = list(waiting.order_by("profile_id").values_list("profile_id", flat=True)[: MAX_PEOPLE + 1])
    wanted = [UUID(position["person"])] if position.get("person") else listed[:MAX_PEOPLE]
    held = ledger.locked(wanted)
    profiles = {profile.id: profile for profile in held.values()}
    own = ledger.owners(profiles) | {raw_id: profile.id for raw_id, profile in held.items()}
    page = Page(profiles, own, done=[each for each in wanted if each not in held])
    if len(profiles) > 1:
        _read_many(page, events, n_events=n_events)
    elif profiles:
        _read_one(page, events, *profiles, n_events=n_events, within=position)
    done = set(page.done)
    left = [each for each in listed if each not in done]
    page.is_last = not left
    page.position = {**page.within, "from": str(left[0])} if left else {}
    return page


def take_off(task_id: UUID, done: Collection[UUID]) -> None:
    """Take people off the list."""
    BackfillPerson.objects.filter(task_id=task_id, profile_id__in=done).delete()


def _read_many(page: Page, events: QuerySet[Event], *, n_events: int) -> None:
    """Read the events of as many people as go into a page, under whichever of their ids they lie."""
    others = ledger.unmoved_places(page.own) - page.own.keys()
    ordered = events.filter(profile_id__in=page.own.keys() | others).order_by("profile_id", "time", "id")
    found = _rows(ordered[: n_events + 1])
    complete = set(page.profiles)
    if len(found) > n_events:
        last = found[-1].profile_id
        complete -= {whose for raw_id, whose in page.own.items() if raw_id >= last or others}
    if not complete:
        first = page.own.get(found[0].profile_id) or next(iter(page.profiles))
        _read_one(page, events, first, n_events=n_events, within={})
        return
    mine = [event for event in found if page.own.get(event.raw_id) in complete]
    page.events = sorted(mine, key=lambda event: (page.own[event.raw_id], event.time, event.id))
    page.done += [raw_id for raw_id, whose in page.own.items() if whose in complete]


def _read_one(page: Page, events: QuerySet[Event], living: UUID, *, n_events: int, within: Mapping[str, str]) -> None:
    """Read the next events of one person, under whichever of their ids they lie."""
    own = {raw for raw, whose in page.own.items() if whose == living}
    found = events.filter(profile_id__in=own | ledger.unmoved_places(own)).order_by("time", "id")
    if within.get("person") == str(living):  # who was merged since is another person, and begins anew
        last = datetime.fromisoformat(within["time"]), UUID(within["event"])
        found = found.filter(keyset.beyond(("time", "id"), last))
    rows = _rows(found[: n_events + 1])
    is_all = len(rows) <= n_events
    rows = rows[:n_events]
    page.events = [event for event in rows if event.raw_id in own]
    if is_all:
        page.done += own
    else:
        page.within = {"person": str(living), "time": rows[-1].time.isoformat(), "event": str(rows[-1].id)}


def _rows(events: QuerySet[Event]) -> list[Stored]:
    return [Stored(*row) for row in events.values_list(*COLUMNS)]
