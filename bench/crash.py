"""kill -9 under load: what was accepted is there once, and nothing is there twice.

Clients send as SDKs do, again and again until they are answered with success, while processes are killed at random
moments. `tests/stories/test_crash.py` does the same in short.
"""

import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import psutil

from tests.live import Live, live_platform

VICTIMS = ("web", "web worker", "ingest", "postgres", "postgres backend")
KILLS, SEED = 20, 20261123
CLIENTS = 6
PEOPLE = 25  # few, so that requests of one person meet in all processes
PAUSE_SECS = (0.2, 1.5)  # between a recovery and the next kill
GIVE_UP_SECS = 120.0

Request = tuple[str, dict[str, Any], list[str]]  # path, body, the ids in it


@dataclass(slots=True)
class Outcome:
    """What was sent, what became of it, and who was killed."""

    accepted: list[str] = field(default_factory=list)  # message ids answered with success
    refused: list[str] = field(default_factory=list)  # answers that no retry will better
    n_sent: int = 0
    n_retries: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    lost: int = 0  # accepted, and not there
    doubled: int = 0  # there more than once
    miscounted: int = 0  # profiles and sessions whose counters differ from their events

    def __str__(self) -> str:
        killed = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (
            f"sent {self.n_sent}, accepted {len(self.accepted)}, retried {self.n_retries} requests, "
            f"stored {self.stored}: lost {self.lost}, doubled {self.doubled}, miscounted {self.miscounted}; "
            f"killed {killed}"
        )


def crash() -> dict[str, float]:
    """Kill processes twenty times under load, on a durable PostgreSQL of its own, and count."""
    dice = random.Random(SEED)
    victims = [*VICTIMS, *dice.choices(VICTIMS, k=KILLS - len(VICTIMS))]
    with live_platform(durable=True) as live:
        outcome = kill_under_load(live, victims, dice=dice)
    print(f"crash: {outcome}", file=sys.stderr)
    return {
        "crash_accepted": len(outcome.accepted),
        "crash_retried": outcome.n_retries,
        "crash_kills": outcome.kills.total(),
        "crash_lost": outcome.lost,
        "crash_doubled": outcome.doubled,
        "crash_miscounted": outcome.miscounted,
    }


def kill_under_load(live: Live, victims: Sequence[str], *, dice: random.Random) -> Outcome:
    """Kill the victims one after the other while clients send, and compare what was accepted with what is stored."""
    outcome = Outcome()
    source = live.source("Crash")["write_key"]
    is_over = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(_Client(live, source, number, is_over).run, outcome) for number in range(CLIENTS)]
        try:
            for victim in victims:
                time.sleep(dice.uniform(*PAUSE_SECS))
                _kill(live, victim, dice)
                outcome.kills[victim] += 1
        finally:
            is_over.set()
        for client in clients:
            client.result()
    live.wait_until_drained(timeout_secs=GIVE_UP_SECS)
    _count(live, outcome)
    return outcome


class _Client:
    """Sends requests one after the other; each again, until it is answered with success."""

    def __init__(self, live: Live, source: str, number: int, is_over: threading.Event) -> None:
        self._connection = HTTPConnection("127.0.0.1", live.port, timeout=30)
        self._requests = (_sdk_batches if number % 2 else _tracks)(source, number)
        self._is_over = is_over

    def run(self, outcome: Outcome) -> None:
        """Send until it is over; appends and additions to the outcome are atomic enough under one lock."""
        for path, body, ids in self._requests:
            status, n_retries = self._send(path, json.dumps(body))
            with _adding:
                outcome.n_sent += len(ids)
                outcome.n_retries += n_retries
                (outcome.accepted if status == 200 else outcome.refused).extend(ids)
            if self._is_over.is_set():
                return

    def _send(self, path: str, body: str) -> tuple[int, int]:
        deadline = time.monotonic() + GIVE_UP_SECS
        for n_retries in itertools.count():
            status = self._try(path, body)
            if status < 500:
                return status, n_retries
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} was not answered with success in {GIVE_UP_SECS} seconds")
            time.sleep(0.1)
        raise AssertionError

    def _try(self, path: str, body: str) -> int:
        """Send once; whatever keeps the answer away counts as 599."""
        try:
            self._connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            self._connection.close()
            return 599
        return answer.status


_adding = threading.Lock()


def _tracks(source: str, client: int) -> Iterator[Request]:
    """Make `/track` bodies of one to three events, of a few sessions that all clients share."""
    for number in itertools.count():
        ids = [f"m{client}-{number}-{place}" for place in range(1 + number % 3)]
        interest = {"type": "increase-interest", "properties": {"interest": "jazz"}}
        events = [{**interest, "id": id_} for id_ in ids]
        session = f"session-{number % PEOPLE}"
        yield "/track", {"source": {"id": source}, "session": {"id": session}, "events": events}, ids


def _sdk_batches(source: str, client: int) -> Iterator[Request]:
    """Make `/v1/batch` bodies of one to five messages, each of another person."""
    for number in itertools.count():
        ids = [f"m{client}-{number}-{place}" for place in range(1 + number % 5)]
        interest = {"type": "track", "event": "increase-interest", "properties": {"interest": "jazz"}}
        batch = [
            {**interest, "messageId": id_, "userId": f"customer-{(number + place) % PEOPLE}"}
            for place, id_ in enumerate(ids)
        ]
        yield "/v1/batch", {"writeKey": source, "batch": batch}, ids


def _kill(live: Live, victim: str, dice: random.Random) -> None:
    """Kill a process, and return once what it did works again: started anew by us, or by who watches over it."""
    match victim:
        case "web":
            os.killpg(live.web.pid, signal.SIGKILL)
            live.web.wait()
            live.start_web()
        case "web worker":
            dice.choice(psutil.Process(live.web.pid).children()).kill()
        case "ingest":
            live.ingest.kill()
            live.ingest.wait()
            live.start_ingest()
        case "postgres":
            backends = psutil.Process(live.postgres.pid).children()
            live.postgres.kill()
            live.postgres.wait()
            psutil.wait_procs(backends, timeout=30)  # they notice; until then the data are locked
            live.start_postgres()
        case "postgres backend":
            dice.choice(psutil.Process(live.postgres.pid).children()).kill()


def _count(live: Live, outcome: Outcome) -> None:
    [counted] = live.rows(COUNT, outcome.accepted)
    outcome.stored, outcome.lost = counted["stored"], counted["lost"]
    outcome.doubled = counted["doubled"] + counted["opened_twice"]
    outcome.miscounted = counted["profiles"] + counted["sessions"]


# Said: by a client; the platform adds events of its own, of which each profile and each session has one.
COUNT = """
WITH said AS (SELECT message_id, count(*) AS n FROM events_event WHERE message_id IS NOT NULL GROUP BY 1),
opened AS (
    SELECT count(*) AS n FROM events_event WHERE type IN ('profile-created', 'session-opened')
    GROUP BY type, CASE type WHEN 'profile-created' THEN profile_id ELSE session_id END
),
of_profiles AS (
    SELECT profile_id, count(*) AS n, count(message_id) AS n_said FROM events_event GROUP BY 1
),
of_sessions AS (SELECT session_id, count(message_id) AS n_said FROM events_event GROUP BY 1)
SELECT
    (SELECT count(*) FROM said) AS stored,
    (SELECT coalesce(sum(n - 1), 0)::int FROM said) AS doubled,
    (SELECT coalesce(sum(n - 1), 0)::int FROM opened) AS opened_twice,
    (SELECT count(*) FROM unnest(%s::text[]) AS id LEFT JOIN said ON message_id = id WHERE n IS NULL) AS lost,
    (SELECT count(*) FROM profiles_profile AS profile LEFT JOIN of_profiles ON profile_id = profile.id
     WHERE (event_count, (interests ->> 'jazz')::float) IS DISTINCT FROM (n, n_said::float)) AS profiles,
    (SELECT count(*) FROM cdp_sessions_session AS session LEFT JOIN of_sessions ON session_id = session.id
     WHERE event_count IS DISTINCT FROM n_said) AS sessions
"""
