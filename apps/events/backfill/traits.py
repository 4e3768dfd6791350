"""The task that extracts the traits of stored events anew, in the order of their arrival, page by page."""

from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.core import storable
from apps.core.ids import NIL
from apps.core.limits import TooSlow, at_most
from apps.core.models import Task
from apps.core.tasks import Step
from apps.events.backfill import holds
from apps.events.backfill.selection import TRAITS, Selection
from apps.events.event_types.redaction import redact
from apps.events.event_types.traits import extract
from apps.events.models import Event
from apps.profiles import dirty

LOOKED_AT: Final = 50_000  # events of the type, in which a page ends, however few of them are asked for
EVENTS: Final = 1_000  # of a page
COUNT_SECS: Final = 30.0
# What was is kept of those that change, and of an event that changes twice what was at first.
_UPDATE = """
WITH changed AS (
    SELECT event.id, event.time, event.traits AS before, row.traits AS after, event.profile_id,
        event.original_profile_id, event.session_id
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (id uuid, time timestamptz, traits jsonb)
    JOIN events_event AS event ON event.id = row.id AND event.time = row.time
    WHERE event.traits IS DISTINCT FROM row.traits
), kept AS (
    INSERT INTO events_backfilledevent (task_id, event_id, time, profile_id, session_id, before, after_hash)
    SELECT %(task)s, id, time, coalesce(original_profile_id, profile_id), session_id, before,
        jsonb_hash_extended(after, 0)
    FROM changed
    ON CONFLICT (task_id, event_id) DO UPDATE SET after_hash = EXCLUDED.after_hash
)
UPDATE events_event AS event SET traits = changed.after FROM changed
WHERE event.id = changed.id AND event.time = changed.time
RETURNING event.profile_id
"""


def step(task: Task) -> Step:
    """Extract the traits of one page of events, and write those that differ."""
    selection = Selection.of(TRAITS, task.params)
    holds.hold(task, selection.holds)
    rules = selection.rules()
    at, size = task.created_at, task.page(EVENTS)
    after = UUID(task.position.get("after", str(NIL)))
    found = selection.events(at=at)
    end = selection.reach(LOOKED_AT, after=after, at=at)
    ahead = found.filter(id__gt=after, id__lte=end) if end else found.filter(id__gt=after)
    # Held until they are written: whoever is erased meanwhile leaves nothing, neither there nor in what was before.
    page = ahead.order_by("id").only("id", "time", "properties")[:size]
    events = list(page.select_for_update(no_key=True))
    is_full = len(events) == size
    n_changed = task.position.get("n_changed", 0) + _write(
        task,
        {event: extract(rules, redact(event.properties, rules), visit_count=None)[0] for event in events},
    )
    is_last = end is None and not is_full
    if is_last:
        holds.release(task.pk)
    told = f"{n_changed:,} events got other traits"
    return Step(
        n_done=len(events),
        is_last=is_last,
        position={"after": str(events[-1].id if is_full else end or after), "n_changed": n_changed},
        total=None if task.position else _count(found),
        message=told,
        log=[f"{told}."] if is_last else [],
    )


def _count(events: QuerySet[Event]) -> int | None:
    """Count once, unless that takes too long for a step: then nobody knows how far it is."""
    try:
        with at_most(COUNT_SECS):
            return events.count()
    except TooSlow:
        return None


def _write(task: Task, traits: dict[Event, dict[str, object]]) -> int:
    rows = [{"id": event.id, "time": event.time, "traits": found} for event, found in traits.items()]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, {"rows": storable.dumps(rows), "task": task.pk})
        changed = [profile_id for (profile_id,) in cursor.fetchall()]
    dirty.mark(profile_id for profile_id in changed if profile_id)
    return len(changed)
