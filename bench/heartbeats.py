"""Heartbeats: what a run costs beside the query that only selects whom it is about, and what becomes of killed ones.

BENCH_PROFILES people, a million without it, of whom one in a hundred is due. The rounds of BENCH_HEARTBEAT_ROUNDS come
every BENCH_HEARTBEAT_SECS; ten of sixty seconds are two commands by cron, started together each minute.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connection

from apps.console.supervision import SKIP_CHECKS
from apps.events.models import InboxItem
from apps.heartbeats import clock, definitions, running, telling
from apps.heartbeats.models import Heartbeat
from bench import people
from tests.commands import MANAGE, Program
from tests.live import Live, live_platform

Figures = dict[str, float]
PROFILES = int(os.environ.get("BENCH_PROFILES", "1000000"))
ROUNDS = int(os.environ.get("BENCH_HEARTBEAT_ROUNDS", "5"))
ROUND_SECS = float(os.environ.get("BENCH_HEARTBEAT_SECS", "0"))
IDLE_EACH, SEED = 3_000, 20261130
OLDEST_DAYS = 96  # people.make lets one in 97 be silent for that long
REPEATS = 7
SELECT = """
SELECT p.id, p.last_active_at FROM profiles_profile AS p WHERE p.last_active_hour <= %(until)s
AND p.last_active_at <= %(until)s AND NOT EXISTS (
    SELECT FROM heartbeats_silence AS s WHERE s.subject_id = p.id AND s.heartbeat_id = %(heartbeat)s
)
"""

PEOPLE = """
INSERT INTO profiles_profile (
    id, name, country, is_anonymous, created_at, updated_at, first_seen_at, last_seen_at, last_active_at, visit_count,
    event_count, identifier_count, data, traits, interests, consents, stats, aux, provenance, computed_states, computed,
    computed_version
) SELECT lpad(to_hex(n), 32, '0')::uuid, '', '', true, now(), now(), now(), now(), now(), 0, 0, 0, '{}', '{}', '{}',
    '{}', '{}', '{}', '{}', '{}', '{}', 0
FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING RETURNING id
"""
SESSIONS = """
INSERT INTO cdp_sessions_session (
    id, client_id, profile_id, original_profile_id, source_id, channel, status, started_at, last_seen_at,
    last_active_at, visit_count, visits, event_count, page_count, entry_page, exit_page, referrer, language, country,
    is_bot, device, os, app, utm, geo, context, properties
) SELECT gen_random_uuid(), '', person, person, gen_random_uuid(), '', 'active', at - interval '5 minutes', at,
    at, 1, '[]', 2, 2, '', '', '', '', '', false, '{}', '{}', '{}', '{}', '{}', '{}', '{}'
FROM (
    SELECT lpad(to_hex(1 + n %% %s), 32, '0')::uuid AS person, clock.at - %s::interval - n * %s::interval AS at
    FROM generate_series(1, %s) AS n, (SELECT now() AS at) AS clock
) AS made RETURNING id
"""
N_PEOPLE = 1_000
RIPE = timedelta(minutes=1) + clock.GRACE  # as long as DEFINE says, and as long as the clock is behind
DEFINE = """
from datetime import timedelta
from django.utils import timezone
from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat
row = Heartbeat(name="Closing", strategy="session-not-closed", wait_period=timedelta(minutes=1), rearm="silence",
    first_run="all", max_per_run=1_000_000)
definitions.save(row, now=timezone.now() - timedelta(days=1))
"""
START_SECS, UNSEEN = 10.0, 0.2  # one kill in five comes before anything was told of
DUE = "UPDATE heartbeats_heartbeat SET due_at = now() - interval '1 second' RETURNING id"
N_TOLD = "SELECT count(*) AS n FROM heartbeats_silence"
COUNT = """
SELECT count(*) AS n_said, count(DISTINCT session_id) AS n_closed,
    (SELECT count(*) FROM heartbeats_silence) AS n_rows,
    (SELECT count(DISTINCT subject_id) FROM heartbeats_silence) AS n_sessions,
    (SELECT count(*) FROM cdp_sessions_session WHERE status <> 'ended') AS n_open
FROM events_event WHERE type = 'session-closed'
"""


def heartbeats() -> Figures:
    """Let a heartbeat speak of one person in a hundred, beside plain SQL that selects them; the best of seven each.

    What a run takes without the emission is what it takes to find out of whom to speak; the emission are the rows of
    the ledger and of the inbox, in the same transaction.
    """
    people.make_profiles(PROFILES)
    rounds = [_round() for _ in range(REPEATS)]
    n_due = rounds[0][0]
    assert n_due > PROFILES // 100
    selected, decided, said = (min(each) for each in list(zip(*rounds, strict=True))[1:])
    return {
        "heartbeat_due": n_due,
        "heartbeat_select_ms": selected * 1_000,
        "heartbeat_run_ms": decided * 1_000,
        "heartbeat_ratio": decided / selected,
        "heartbeat_emission_ms": said * 1_000,
        "heartbeat_emissions_per_s": n_due / said,
    }


def _round() -> tuple[int, float, float, float]:
    """Return how many are due, and the seconds of the query, of the run without the emission, and of the emission."""
    row = _define()
    until = datetime.now(UTC) - row.wait_period
    selected = _timed(lambda: _select({"until": until, "heartbeat": row.id}))
    said = 0.0
    plain = telling.say

    def timed(*args: Any, **values: Any) -> telling.Told:
        nonlocal said
        started = time.perf_counter()
        told = plain(*args, **values)
        said += time.perf_counter() - started
        return told

    with patch.object(telling, "say", timed):
        started = time.perf_counter()
        outcome = running.run(row, by="bench", now=datetime.now(UTC))
        took = time.perf_counter() - started
    assert outcome.is_complete
    InboxItem.objects.all().delete()
    return outcome.n_said, selected, took - said, said


def _define() -> Heartbeat:
    for old in Heartbeat.objects.all():
        definitions.delete(old)
    row = Heartbeat(
        name="Bench",
        strategy="inactive-profile",
        wait_period=timedelta(days=OLDEST_DAYS, hours=-12),
        first_run=Heartbeat.FirstRun.ALL,
        schedule="",
        max_per_run=PROFILES,
    )
    definitions.save(row, now=datetime.now(UTC))
    return row


def _select(values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SELECT, values)
        cursor.fetchall()


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@dataclass(slots=True)
class Outcome:
    """What became of the sessions that fell idle while commands ran and were killed."""

    n_idle: int = 0
    n_killed: int = 0
    n_gaps: int = 0  # sessions of which nothing was said
    n_doubles: int = 0  # what was said twice


def heartbeats_killed() -> Figures:
    """Start two commands together, as two crons do, again and again, and kill one of them at random."""
    with live_platform(durable=True, has_web=False) as live:
        outcome = kill_while_they_run(live, rounds=ROUNDS, round_secs=ROUND_SECS, dice=random.Random(SEED))
    print(f"heartbeats_killed: {outcome}", file=sys.stderr)
    return {
        "heartbeat_killed": outcome.n_killed,
        "heartbeat_gaps": outcome.n_gaps,
        "heartbeat_doubles": outcome.n_doubles,
    }


def kill_while_they_run(live: Live, *, rounds: int, round_secs: float, dice: random.Random) -> Outcome:
    """Let sessions fall idle and two commands run, round after round; then let the last one run to its end, and count.

    Without seconds for a round nobody waits: sessions are silent for long enough, leases are over, and the next run is
    due, when a round begins.
    """
    live.manage("shell", "--no-imports", "-c", DEFINE)
    outcome = Outcome(n_idle=rounds * IDLE_EACH)
    for _ in range(rounds):
        started = time.monotonic()
        make_idle(live, IDLE_EACH, age=timedelta(0) if round_secs else RIPE)
        if not round_secs:
            live.rows(DUE)
        commands = [live.start_python("heartbeat", MANAGE, "heartbeat", SKIP_CHECKS) for _ in range(2)]
        outcome.n_killed += _kill_at_random(live, dice.choice(commands), dice)
        for command in commands:
            command.wait()
        time.sleep(max(0.0, round_secs - (time.monotonic() - started)))
    time.sleep(2 * round_secs)
    for _ in range(2):  # the run that was killed, and one that begins now
        live.rows(DUE)
        live.manage("heartbeat")
    live.wait_until_drained(timeout_secs=120)
    [counted] = live.rows(COUNT)
    outcome.n_gaps = outcome.n_idle - counted["n_closed"]
    outcome.n_doubles = counted["n_said"] - counted["n_closed"] + counted["n_rows"] - counted["n_sessions"]
    assert counted["n_open"] == outcome.n_gaps
    return outcome


def _kill_at_random(live: Live, victim: Program, dice: random.Random) -> bool:
    """Kill a command at any moment, mostly while somebody tells of silences; tell whether it lived until then."""
    deadline = time.monotonic() + START_SECS
    n_before = live.rows(N_TOLD)
    while dice.random() > UNSEEN and live.rows(N_TOLD) == n_before and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(dice.uniform(0, 0.5))
    is_alive = victim.poll() is None
    victim.kill()
    return is_alive


def make_idle(live: Live, count: int, *, age: timedelta = RIPE, step: timedelta = timedelta(microseconds=-1)) -> None:
    """Make so many open sessions of a thousand people, the first silent for that long, each next by a step longer."""
    live.rows(PEOPLE, N_PEOPLE)
    assert len(live.rows(SESSIONS, N_PEOPLE, age, step, count)) == count
    with psycopg.connect(live.database_url, autocommit=True, connect_timeout=5) as database:
        database.execute("ANALYZE cdp_sessions_session")  # as the server does by itself, in a minute
