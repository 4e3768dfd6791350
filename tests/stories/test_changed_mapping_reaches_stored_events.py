"""A mapping is invented after the events: real workers bring it to the events that are stored and to their people."""

import json
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from apps.core.queues import Queue
from apps.events.jobs import COPY_TO_PROFILES, INDEX_TRAITS
from tests.live import Live

pytestmark = pytest.mark.xdist_group("live")

OVERRIDES = {
    "traits": {"data.plan": "plan"},
    "profile": {"traits.plan": {"equals": "data.plan"}, "stats.plans": {"increment": 1}},
}


def send(live: Live, source: dict[str, Any], session: str, *plans: tuple[str, str]) -> None:
    events = [
        {"type": "plan-chosen", "time": {"create": at}, "id": str(uuid4()), "properties": {"plan": plan}}
        for at, plan in plans
    ]
    body = {"source": {"id": source["id"]}, "session": {"id": session}, "events": events}
    request = Request(f"{live.address}/track", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def work(live: Live, what: str, queue: Queue) -> str:
    """Start a task, let a worker empty its queue, and return what the task says in the end."""
    live.manage("backfill", what, "plan-chosen")
    live.manage("rqworker", queue.name, "--burst")
    [task] = live.rows("SELECT state, message FROM core_task ORDER BY created_at DESC LIMIT 1")
    assert task["state"] == "done", task
    return str(task["message"])


def test_a_changed_mapping_reaches_stored_events(live: Live) -> None:
    source = live.source(f"plans-{uuid4().hex[:6]}")
    # They arrive in the wrong order: the newest comes first.
    send(live, source, "session-of-anna", ("2026-05-03T12:00:00Z", "team"), ("2026-05-01T12:00:00Z", "free"))
    send(live, source, "session-of-ben", ("2026-05-02T12:00:00Z", "pro"))
    live.rows(
        'INSERT INTO events_eventtype (type, name, "group", definition, overrides, policy, condition, reshape, '
        "is_builtin, is_enabled, updated_at) VALUES ('plan-chosen', 'Plan chosen', '', '{}', %s::jsonb, 'flag', '', "
        "'{}', false, true, now()) RETURNING type",
        json.dumps(OVERRIDES),
    )

    said = [
        work(live, "traits", INDEX_TRAITS),
        work(live, "profiles", COPY_TO_PROFILES),
        work(live, "profiles", COPY_TO_PROFILES),
    ]

    assert said == ["3 events got other traits", "2 fields changed, of 2 people", "0 fields changed, of 0 people"]
    people = live.rows(
        "SELECT DISTINCT profile.traits, profile.stats FROM profiles_profile AS profile JOIN events_event AS event "
        "ON event.profile_id = profile.id WHERE event.source_id = %s",
        source["id"],
    )
    assert sorted(person["traits"]["plan"] for person in people) == ["pro", "team"]
    assert all(person["stats"] == {} for person in people), "what counts is not counted again"
