"""Many people in flows, made by SQL: for the bench, and for tests that run real processes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.ids import new_id
from apps.flows.engine import state
from apps.flows.models import Flow, FlowVersion
from apps.flows.runs import versions
from apps.flows.runs.entering import Entry, enter

CHUNK = 5_000
PEOPLE = """
INSERT INTO profiles_profile (
    id, name, country, is_anonymous, created_at, updated_at, first_seen_at, last_seen_at, last_active_at, visit_count,
    event_count, identifier_count, data, traits, interests, consents, stats, aux, provenance, computed_states, computed,
    computed_version
)
SELECT uuidv7(), '', 'DE', true, now(), now(), now(), now(), now(), 1, 3, 1,
    '{"contact": {"email": {"main": "anna@example.com"}}, "pii": {"firstname": "Anna"}}', '{"plan": "free"}', '{}',
    '{}', '{}', '{"geo": {"time_zone": "Europe/Berlin"}}',
    '{"data.pii.firstname": ["2026-11-30T10:00:00+00:00", "0193", "0193"]}', '{}', '{}', 0
FROM generate_series(1, %s) RETURNING id
"""


def people(count: int) -> list[UUID]:
    """Make so many people."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [count])
        return [id for (id,) in cursor.fetchall()]


def publish(key: str, definition: Mapping[str, Any], *, now: datetime) -> FlowVersion:
    """Publish a flow, and switch it on."""
    flow = Flow.objects.create(key=key, name=key, state=Flow.State.ON, max_failure_percent=None)
    version = FlowVersion.objects.create(
        flow=flow, number=1, definition=dict(definition), published_at=now, published_by="bench"
    )
    flow.version = version
    flow.save()
    return version


def let_in(version: FlowVersion, people: Iterable[UUID], events: Iterator[Any], *, now: datetime) -> None:
    """Let people enter a flow, each with an event."""
    start = versions.compiled([version.pk])[version.pk].start.id
    rest = iter(people)
    while chunk := list(islice(rest, CHUNK)):
        states = [state.fresh(start, began=now, event=next(events)) for _ in chunk]
        enter(
            [
                Entry(new_id(), version.flow_id, version.pk, id, begun, now)
                for id, begun in zip(chunk, states, strict=True)
            ]
        )
