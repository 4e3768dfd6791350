"""Two `manage.py heartbeat` run at the same time, again and again, and one is killed: no silence is told of twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.heartbeats import make_idle
from tests.live import Live, live_platform

IDLE = 100_000
DEFINE = """
from datetime import timedelta
from django.utils import timezone
from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat
row = Heartbeat(name="Closing", strategy="session-not-closed", wait_period=timedelta(minutes=30), rearm="silence",
    first_run="all", max_per_run=1_000_000)
definitions.save(row, now=timezone.now() - timedelta(days=1))
"""
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
        live.manage("shell", "--no-imports", "-c", DEFINE)
        yield live


@pytest.mark.timeout(180)
def test_a_hundred_thousand_sessions_are_closed_once_each(platform: Live) -> None:
    platform.ingest.terminate()  # what was said waits in the inbox, to be counted
    platform.ingest.wait()
    make_idle(platform, IDLE)

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(lambda names: platform.manage("heartbeat", *names), [(), (), ("Closing",)]))

    assert sum(text.startswith(f"Closing: {IDLE} said") for text in told) == 1, told
    assert platform.rows(LEDGER) == [{"n": IDLE, "n_sessions": IDLE, "n_said": IDLE}]
    assert platform.rows(SAID) == [{"n": IDLE, "n_sessions": IDLE, "n_keys": IDLE}]
    assert platform.rows("SELECT status, count(*) AS n FROM cdp_sessions_session GROUP BY 1") == [
        {"status": "ended", "n": IDLE}
    ]
