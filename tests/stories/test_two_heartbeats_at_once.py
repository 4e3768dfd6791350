"""Two `manage.py heartbeat` run at the same time, again and again, and one is killed: no silence is told of twice."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bench.heartbeats import DEFINE, kill_while_they_run, make_idle
from tests.live import Live, live_platform

IDLE = 30_000
LEDGER = (
    "SELECT count(*) AS n, count(DISTINCT subject_id) AS n_sessions, count(said_at) AS n_said FROM heartbeats_silence"
)
SAID = """
SELECT count(*) AS n, count(DISTINCT said ->> 'session_id') AS n_sessions, count(DISTINCT said ->> 'key') AS n_keys
FROM events_inboxitem, jsonb_array_elements(body::jsonb -> 'emissions') AS said WHERE dialect = 'platform'
"""


@pytest.fixture
def platform() -> Iterator[Live]:
    with live_platform(has_web=False) as live:
        yield live


@pytest.mark.timeout(300)
def test_thirty_thousand_sessions_are_closed_once_each(platform: Live) -> None:
    platform.ingest.terminate()  # what was said waits in the inbox, to be counted
    platform.ingest.wait()
    platform.manage("shell", "--no-imports", "-c", DEFINE)
    make_idle(platform, IDLE, step=timedelta(seconds=1))

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(lambda names: platform.manage("heartbeat", *names), [(), (), ("Closing",)]))

    assert sum(text.startswith(f"Closing: {IDLE} said") for text in told) == 1, told
    assert platform.rows(LEDGER) == [{"n": IDLE, "n_sessions": IDLE, "n_said": IDLE}]
    assert platform.rows(SAID) == [{"n": IDLE, "n_sessions": IDLE, "n_keys": IDLE}]
    assert platform.rows("SELECT status, count(*) AS n FROM cdp_sessions_session GROUP BY 1") == [
        {"status": "ended", "n": IDLE}
    ]


@pytest.mark.timeout(300)
def test_whoever_is_killed_leaves_no_gap_and_no_double(platform: Live) -> None:
    outcome = kill_while_they_run(platform, rounds=5, round_secs=0, dice=random.Random(11))

    assert outcome.n_killed, "they were all over before"
    assert (outcome.n_gaps, outcome.n_doubles) == (0, 0), str(outcome)
