"""What the tables of this app hold of people."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

import orjson
from django.db import connection
from django.db.models import Q, QuerySet

from apps.core import keyset, storable
from apps.events.models import (
    BackfilledEvent,
    BackfilledField,
    BackfillPerson,
    Event,
    QuarantinedEvent,
    RefusedEvent,
)
from apps.events.store.anonymity import columns_of
from apps.profiles.holdings import SESSION, Holding, Person, RawRows, Rows, register

_ORDER = ("time", "id")
_ANONYMISE = """
UPDATE events_event AS event SET profile_id = row.profile_id, original_profile_id = row.profile_id,
    session_id = row.session_id, message_id = row.message_id, problems = row.problems,
    properties = row.properties, traits = row.traits, context = row.context
FROM jsonb_to_recordset(%s::jsonb) AS row (
    id uuid, time timestamptz, profile_id uuid, session_id uuid, message_id text, problems jsonb,
    properties jsonb, traits jsonb, context jsonb
) WHERE event.id = row.id AND event.time = row.time
"""


@register
class Events(Holding):
    """The events of a person, and those of their sessions that belong to no profile."""

    name, title, models = "events", "What the person did, as devices and other systems told us", (Event,)

    def rows(self, person: Person) -> Iterator[dict[str, Any]]:
        """Yield the events, in order."""
        for events in _events_of(person):
            found: QuerySet[Any] = events.values()
            yield from keyset.rows(found, *_ORDER)

    def count(self, person: Person) -> int:
        """Count the events."""
        return sum(events.count() for events in _events_of(person))

    def erase(self, person: Person, *, limit: int) -> int:
        """Delete the next page, by the primary key in the months where it lies."""
        page = [(event.id, event.time) for event in _next_of(person, limit, "id", "time")]
        if page:
            times = [time for _, time in page]
            ids = [id for id, _ in page]
            Event.objects.filter(id__in=ids, time__gte=min(times), time__lte=max(times)).delete()
        return len(page)

    def anonymise(self, person: Person, *, limit: int) -> int:
        """Hand the next page to the anonymous profile, without what tells of somebody."""
        rows = [
            {
                "id": event.id,
                "time": event.time,
                "profile_id": person.anonymous_id if event.profile_id else None,
                "session_id": person.pseudonym(event.session_id) if event.session_id else None,
                **columns_of(event),
            }
            for event in _next_of(person, limit)
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(_ANONYMISE, [storable.dumps(rows)])
        return len(rows)


@register
class RefusedEvents(Rows):
    """Events that were refused, with what was sent."""

    name, title, models = "refused", "What was sent about the person and not taken", (RefusedEvent,)
    omitted = ("keys",)

    def find(self, person: Person) -> Q:
        """Select those that came with one of the person's ids, or whose payload names them."""
        named = [Q(payload__contains=orjson.dumps(text).decode()) for text in person.texts]
        return reduce(or_, named, Q(keys__overlap=person.keys))


@register
class QuarantinedEvents(Rows):
    """Events that wait to be fixed."""

    name, title, models = "quarantined", "What was sent about the person and is to be fixed", (QuarantinedEvent,)
    omitted = ("keys",)

    def find(self, person: Person) -> Q:
        """Select those that came with one of the person's ids; what else names them is refused when it is replayed."""
        return Q(keys__overlap=person.keys)


@register
class BackfilledFields(RawRows):
    """What fields of the profile held before back-fills."""

    name, title, models = "backfilled", "What fields held before later mappings filled them", (BackfilledField,)
    omitted = ("id", "task_id")
    is_at_once = True


@register
class BackfilledEvents(RawRows):
    """What the traits of events were before back-fills."""

    name, title, models = (
        "backfilled-events",
        "What was read of events before their mapping changed",
        (BackfilledEvent,),
    )
    omitted = ("id", "task_id", "after_hash")

    def find(self, person: Person) -> Q:
        """Select those of the person's events, and of their sessions that belong to no profile."""
        return Q(profile_id__in=person.raw_ids) | Q(profile_id=None, session_id__in=person.named(SESSION))


@register
class BackfillPeople(RawRows):
    """That back-fills have yet to go through the person's events."""

    name, title, models = "backfilling", "That a mapping is being applied to the person's events", (BackfillPerson,)
    omitted = ("id", "task_id")
    is_at_once = True


def _events_of(person: Person) -> list[QuerySet[Event]]:
    own = Event.objects.filter(person.belongings)
    sessions = Event.objects.filter(profile_id=None, session_id__in=person.named(SESSION))
    return [events.order_by(*_ORDER) for events in (own, sessions)]


def _next_of(person: Person, limit: int, *columns: str) -> list[Event]:
    for events in _events_of(person):
        found = list(events.only(*columns)[:limit] if columns else events[:limit])
        if found:
            return found
    return []
