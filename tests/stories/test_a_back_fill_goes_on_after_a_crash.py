"""A worker that copies stored events is killed with -9: another one goes on, and nobody is done twice or left out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from apps.console.supervision import SKIP_CHECKS
from apps.events.jobs import COPY_TO_PROFILES
from tests.commands import MANAGE, Program
from tests.live import Live, wait_for

pytestmark = pytest.mark.xdist_group("live")

PEOPLE, EACH = 400, 3
RULES = {"traits.chair": {"equals": "properties.chair"}, "traits.chairs": {"append_unique": "properties.chair"}}
PROFILES = (
    "from apps.profiles.models import Profile; from tests.factories import ProfileFactory; "
    f"Profile.objects.bulk_create(ProfileFactory.build_batch({PEOPLE}, country='ZZ'))"
)
# The newest of each person came first.
EVENTS = """
INSERT INTO events_event (
    id, time, received_at, processed_at, type, source_id, profile_id, original_profile_id, properties
) SELECT lpad(to_hex(row_number() OVER () * 10 + k), 32, '0')::uuid,
    date_trunc('month', now()) + interval '1 minute' - k * interval '1 second', now(), now(), 'chair-chosen',
    md5('shop')::uuid, id, id, jsonb_build_object('chair', 'chair ' || (9 - k))
FROM profiles_profile, generate_series(1, %s) AS k WHERE country = 'ZZ' RETURNING 1
"""
TYPE = """
INSERT INTO events_eventtype (
    type, name, "group", definition, overrides, policy, condition, reshape, is_builtin, is_enabled, updated_at
) VALUES (
    'chair-chosen', 'Chair chosen', '', '{}',
    %s::jsonb, 'flag', '', '{}', false, true, now()
) RETURNING type
"""
LATER = """
UPDATE core_task
SET advanced_at = advanced_at - interval '61 seconds', rests_until = rests_until - interval '61 seconds'
WHERE id = %s RETURNING 1
"""
TASK = "SELECT id, state, progress, total, message FROM core_task ORDER BY created_at DESC LIMIT 1"


@contextmanager
def worker(live: Live) -> Iterator[Program]:
    """Start a worker, which forks one for each job."""
    process = live.start_python("backfill", MANAGE, "rqworker", COPY_TO_PROFILES.name, SKIP_CHECKS)
    try:
        yield process
    finally:
        process.kill_family()


def test_a_back_fill_goes_on_after_its_worker_was_killed(live: Live) -> None:
    live.manage("shell", "--no-imports", "-c", PROFILES)
    live.rows(EVENTS, EACH)
    live.rows(TYPE, json.dumps({"profile": RULES}))
    live.manage("backfill", "profiles", "chair-chosen", "--rate", "150")

    with worker(live) as first:
        wait_for(lambda: live.rows(TASK)[0]["progress"] > 0, "the first page", timeout_secs=120)
        first.kill_family()
    [left] = live.rows(TASK)
    assert left["state"] == "running"
    assert 0 < left["progress"] < left["total"] == PEOPLE * EACH

    # A minute later the clock finds that nobody carries it on.
    live.rows(LATER, left["id"])
    live.manage("shell", "--no-imports", "-c", "from apps.core.jobs import sweep_tasks; sweep_tasks()")
    with worker(live):
        wait_for(lambda: live.rows(TASK)[0]["state"] == "done", "the end", timeout_secs=120)

    [task] = live.rows(TASK)
    assert (task["progress"], task["message"]) == (PEOPLE * EACH, f"{2 * PEOPLE} fields changed, of {PEOPLE} people")
    people = live.rows("SELECT DISTINCT traits FROM profiles_profile WHERE country = 'ZZ'")
    assert people == [{"traits": {"chair": "chair 8", "chairs": ["chair 6", "chair 7", "chair 8"]}}]
    images = "SELECT count(*) AS n, count(DISTINCT (profile_id, path)) AS once FROM events_backfilledfield"
    assert live.rows(f"{images} WHERE task_id = %s", left["id"]) == [{"n": 2 * PEOPLE, "once": 2 * PEOPLE}]
