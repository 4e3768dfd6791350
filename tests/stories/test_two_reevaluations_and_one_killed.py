"""Two segmentation jobs start together, workers are killed: each change happens once, its event is raised once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from apps.console.supervision import SKIP_CHECKS
from apps.segments.jobs import SEGMENTATION
from tests.commands import MANAGE, Program
from tests.live import Live, live_platform, wait_for

PEOPLE = 42_000  # three pages
DEFINE = """
from apps.segments import definitions
from apps.segments.models import Segment
fourth, few = "profile@traits.fourth = TRUE", 'profile@segments CONTAINS "fourth" AND profile@traits.number < 9000'
definitions.save(Segment(key="fourth", name="Fourth", condition=fourth))
definitions.save(Segment(key="few", name="Few", condition=few))
"""
MAKE = """
INSERT INTO profiles_profile (
    id, name, country, is_anonymous, created_at, updated_at, first_seen_at, last_seen_at, last_active_at, visit_count,
    event_count, identifier_count, data, traits, interests, consents, stats, aux, provenance, computed_states, computed,
    computed_version
) SELECT lpad(to_hex(n), 32, '0')::uuid, '', '', true, now(), now(), now(), now(), now(), 0, 0, 0, '{}',
    jsonb_build_object('number', n, 'fourth', n %% 4 = 1), '{}', '{}', '{}', '{}', '{}', '{}', '{}', 0
FROM generate_series(1, %s) AS n RETURNING id
"""
ANNOUNCED = """
SELECT type, properties ->> 'segment' AS segment, count(*) AS n, count(DISTINCT profile_id) AS n_people
FROM events_event WHERE type LIKE 'segment-%%' GROUP BY 1, 2 ORDER BY 2
"""


@pytest.fixture
def platform() -> Iterator[Live]:
    with live_platform(has_web=False) as live:
        yield live


def start_worker(live: Live) -> Program:
    return live.start_python("worker", MANAGE, "rqworker", SEGMENTATION.name, SKIP_CHECKS)


def is_half_done(live: Live) -> bool:
    """Tell whether somebody is in the midst of a page, and has stored a part of it."""
    return bool(live.rows("SELECT FROM segments_reevaluationpage WHERE due_at IS NOT NULL AND n_entered > 0"))


def let_a_minute_pass(live: Live) -> None:
    """Whoever has not been heard of for that long is taken for dead."""
    live.rows(
        "UPDATE segments_reevaluationpage SET due_at = due_at - interval '2 minutes' WHERE attempts > 0 RETURNING id"
    )
    live.rows("UPDATE segments_reevaluation SET heartbeat_at = heartbeat_at - interval '2 minutes' RETURNING id")


def bring_to_an_end(live: Live) -> None:
    """Tick as the clock does: the job of a killed worker may have been lost before its page was claimed."""
    for _ in range(10):
        with suppress(AssertionError):
            wait_for(
                lambda: bool(live.rows("SELECT FROM segments_reevaluation WHERE finished_at IS NOT NULL")),
                "the end",
                timeout_secs=8,
            )
            return
        live.rows("UPDATE segments_reevaluation SET heartbeat_at = heartbeat_at - interval '2 minutes' RETURNING id")
        live.manage("segment_live")
    raise AssertionError(live.rows("SELECT number, due_at, attempts, dead_at, problems FROM segments_reevaluationpage"))


@pytest.mark.timeout(300)
def test_each_change_happens_once_and_is_told_once(platform: Live) -> None:
    assert len(platform.rows(MAKE, PEOPLE)) == PEOPLE
    platform.manage("shell", "--no-imports", "-c", DEFINE)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: platform.manage("segment_live"), range(2)))
    [run] = platform.rows("SELECT kind, n_pages, n_skipped FROM segments_reevaluation")
    victim = start_worker(platform)
    survivor = start_worker(platform)
    try:
        wait_for(lambda: is_half_done(platform), "a page that is half done", timeout_secs=120)
        victim.kill_family()
        wait_for(lambda: is_half_done(platform), "another page that is half done", timeout_secs=120)
        survivor.kill_family()
        let_a_minute_pass(platform)
        healed = platform.manage("segment_live")  # while nobody works: a worker takes idle pages by itself
        survivor = start_worker(platform)
        bring_to_an_end(platform)
        platform.wait_until_drained(timeout_secs=120)
    finally:
        survivor.kill_family()

    assert run == {"kind": "build", "n_pages": 3, "n_skipped": 1}
    assert "put again" in healed
    [done] = platform.rows("SELECT n_entered, n_left, n_seen, problems FROM segments_reevaluation")
    n_fourth, n_few = PEOPLE // 4, 9_000 // 4
    assert done == {"n_entered": n_fourth + n_few, "n_left": 0, "n_seen": PEOPLE, "problems": {}}
    assert platform.rows(
        "SELECT key, count(*) AS n, count(DISTINCT profile_id) AS n_people, count(left_at) AS n_left, size "
        "FROM segments_membership JOIN segments_segment AS s ON s.id = segment_id GROUP BY key, size ORDER BY key"
    ) == [
        {"key": "few", "n": n_few, "n_people": n_few, "n_left": 0, "size": n_few},
        {"key": "fourth", "n": n_fourth, "n_people": n_fourth, "n_left": 0, "size": n_fourth},
    ]
    assert platform.rows(ANNOUNCED) == [
        {"type": "segment-entered", "segment": "few", "n": n_few, "n_people": n_few},
        {"type": "segment-entered", "segment": "fourth", "n": n_fourth, "n_people": n_fourth},
    ]
