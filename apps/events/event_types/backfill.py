"""What a changed mapping makes of events that are stored: their traits anew, and their word to the profiles.

Both go through a type's events in the order of their arrival, page by page, and may be run as often as one likes. What
arrives in the meantime is the live pipeline's, which has the same rules.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.conditions.type_names import event_type
from apps.core import storable
from apps.core.ids import as_uuid
from apps.core.mistakes import DefinitionError
from apps.core.models import Task
from apps.core.tasks import Step
from apps.core.upsert import upsert
from apps.events.event_types import copying
from apps.events.event_types.compiling import compile
from apps.events.event_types.copying import Said
from apps.events.event_types.effective import definition_of
from apps.events.event_types.redaction import redact
from apps.events.event_types.rules import EventRules
from apps.events.event_types.traits import extract
from apps.events.models import Event, EventType
from apps.profiles import dirty, ledger
from apps.profiles.models import Profile

TRAITS, PROFILES = "index-traits", "copy-to-profiles"
TRAITS_PAGE, PROFILES_PAGE = 1_000, 500
# For the seconds in which a process may still work with the rules that it had before the change.
OVERLAP: Final = timedelta(minutes=1)

UPDATE_TRAITS = """
UPDATE events_event AS event SET traits = row.traits
FROM jsonb_to_recordset(%s::jsonb) AS row(id uuid, time timestamptz, traits jsonb)
WHERE event.id = row.id AND event.time = row.time AND event.traits IS DISTINCT FROM row.traits
RETURNING event.profile_id
"""


class CannotBackfill(ValueError):
    """What is asked for cannot be done; the message says why."""


def plan(
    kind: str, type: str, *, since: datetime | None, until: datetime | None, fields: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the parameters of a task that works on a type's events of a period.

    `fields` narrows copying to some fields of the profile; none means all that can be copied again. Raises
    CannotBackfill.
    """
    if since and until and since >= until:
        raise CannotBackfill("The period ends before it begins.")
    type = event_type(type)
    params = {"type": type, "since": since and since.isoformat(), "until": until and until.isoformat()}
    if kind == TRAITS:
        _rules_of(type)
        return params
    wanted = sorted(set(fields))
    _narrowed(_rules_of(type), wanted)
    return {**params, "fields": wanted}


def counting_fields(rules: EventRules) -> list[str]:
    """Name the fields of the profile that count events: copying them again would count the same events twice."""
    fields = [rule.field.path for rule in rules.fields if not rule.operation.is_repeatable]
    return list(dict.fromkeys(fields + [rule.root for rule in rules.named if not rule.operation.is_repeatable]))


def copied_fields(rules: EventRules) -> list[str]:
    """Name the fields of the profile that can be copied again."""
    again = rules.repeatable()
    return list(dict.fromkeys([rule.field.path for rule in again.fields] + [rule.root for rule in again.named]))


def index_traits(task: Task) -> Step:
    """Extract the traits of one page of events anew, and write those that differ."""
    rules = _rules_of(task.params["type"])
    events = _page(task, TRAITS_PAGE)
    rows = [
        {
            "id": event.id,
            "time": event.time,
            "traits": extract(rules, redact(event.properties, rules), visit_count=None)[0],
        }
        for event in events
    ]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE_TRAITS, [storable.dumps(rows)])
        changed = [profile_id for (profile_id,) in cursor.fetchall()]
    dirty.mark(profile_id for profile_id in changed if profile_id)
    return _step(task, events, len(changed), size=TRAITS_PAGE, what="events got other traits")


def copy_to_profiles(task: Task) -> Step:
    """Copy one page of events to their profiles again, and write the profiles that changed."""
    rules = _narrowed(_rules_of(task.params["type"]), task.params["fields"])
    events = _page(task, PROFILES_PAGE)
    profiles = ledger.locked({event.profile_id for event in events if event.profile_id and event.is_valid})
    changed: dict[UUID, Profile] = {}
    for event in events:
        profile = profiles.get(event.profile_id) if event.profile_id and event.is_valid else None
        if profile is None:
            continue
        document = profile.document
        said = Said(event.properties, event.traits, event.time, event.id, is_repeat=True, source=str(event.source_id))
        before = dict(profile.provenance)
        copied = copying.copy(rules, said, document=document, provenance=profile.provenance)
        if copied.changed or before != profile.provenance:
            profile.primary_id = document["primary_id"]
            changed[profile.id] = profile
    for profile in changed.values():
        profile.summarise()
        profile.updated_at = profile.later(timezone.now())
    upsert(Profile, list(changed.values()), keep=["created_at"])
    dirty.mark(changed)
    return _step(task, events, len(changed), size=PROFILES_PAGE, what="times a profile changed")


def _rules_of(type: str) -> EventRules:
    row = EventType.objects.filter(type=type).first()
    if row is None:
        raise CannotBackfill(f"There is no event type {type!r}.")
    try:
        return compile(definition_of(row))
    except DefinitionError as error:
        raise CannotBackfill(f"The event type is broken: {error}") from None


def _narrowed(rules: EventRules, fields: list[str]) -> EventRules:
    """Return the rules that are copied again, of these fields, or of all. Raises CannotBackfill when a field counts."""
    known = [*copied_fields(rules), *counting_fields(rules)]
    for path in fields:
        if path not in known:
            raise CannotBackfill(f"{path}: events of this type do not change this field.")
        if path in counting_fields(rules):
            raise CannotBackfill(
                f"{path}: it counts events, and would count those that are stored twice. It would have to be rebuilt "
                "from nothing, as computed traits are."
            )
    again = rules.repeatable()
    if not again.says_something:
        raise CannotBackfill("Events of this type change no field that can be copied again.")
    if not fields:
        return again
    return replace(
        again,
        fields=tuple(rule for rule in again.fields if rule.field.path in fields),
        named=tuple(rule for rule in again.named if rule.root in fields),
    )


def _events(task: Task) -> Any:
    """Return the events of the type and the period that arrived before the task was asked for."""
    ceiling_ms = int((task.created_at + OVERLAP).timestamp() * 1000)
    found = Event.objects.filter(type=task.params["type"], id__lt=UUID(int=ceiling_ms << 80))
    if task.params["since"]:
        found = found.filter(time__gte=datetime.fromisoformat(task.params["since"]))
    if task.params["until"]:
        found = found.filter(time__lt=datetime.fromisoformat(task.params["until"]))
    return found


def _page(task: Task, size: int) -> list[Event]:
    after = as_uuid(task.position.get("after", ""))
    events = _events(task)
    return list((events.filter(id__gt=after) if after else events).order_by("id")[:size])


def _step(task: Task, events: list[Event], n_changed: int, *, size: int, what: str) -> Step:
    n_changed += task.position.get("n_changed", 0)
    return Step(
        n_done=len(events),
        is_last=len(events) < size,
        position={"after": str(events[-1].id) if events else "", "n_changed": n_changed},
        total=_events(task).count() if task.total is None else None,
        message=f"{n_changed} {what}",
    )
