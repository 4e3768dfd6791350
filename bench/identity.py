"""How long people wait for identity: while two profiles with a long history are merged, and when one is looked up."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from apps.events.models import Event, Source
from apps.profiles import identity
from apps.profiles.identifiers import identifier_id
from apps.profiles.models import Identifier, Merge, Profile
from bench.machine import Web, web
from cdp.processes import BASE_DIR

Figures = dict[str, float]
EVENTS_EACH = 100_000
PEOPLE = 1_000_000
LOOKUPS = 2_000
WARM_SECS, USUAL_SECS = 3.0, 4.0
SIDES = ("left", "right")
PEOPLE_ROWS = """
INSERT INTO profiles_profile (
    id, primary_id, email, name, country, is_anonymous, created_at, updated_at, first_seen_at, last_seen_at,
    last_active_at, visit_count, event_count, identifier_count, data, traits, interests, consents, stats, aux,
    provenance,
    computed_states, computed, computed_version
) SELECT
    md5(number::text)::uuid, 'C-' || number, 'person' || number || '@example.com', '', 'NO', false,
    now(), now(), now(), now(), now(), 1, 1, 1,
    jsonb_build_object('contact', jsonb_build_object('email', jsonb_build_object('main', 'person' || number))),
    '{}', '{"jazz": 3}', '{}', '{}', '{}', '{}', '{}', '{}', 0
FROM generate_series(0, %s) AS number
"""
STRANGERS_ROWS = """
INSERT INTO profiles_identifier (id, kind, profile_id, merge_count, is_shared, created_at)
SELECT gen_random_uuid(), 'email', md5(number::text)::uuid, 0, false, now() FROM generate_series(%s, %s) AS number
"""
KNOWN_ROWS = """
INSERT INTO profiles_identifier (id, kind, profile_id, merge_count, is_shared, created_at)
SELECT id, 'email', md5((number - 1)::text)::uuid, 0, false, now()
FROM unnest(%s::uuid[]) WITH ORDINALITY AS known (id, number)
"""
ALIAS_ROWS = """
INSERT INTO profiles_alias (id, profile_id, origin_id, created_at)
SELECT md5(number::text)::uuid, md5((number + 1)::text)::uuid, md5(number::text)::uuid, now()
FROM generate_series(0, %s, 10) AS number
"""
SIGN_IN: dict[str, object] = {"type": "sign-in", "properties": {"pk": "17"}}


def merge() -> Figures:
    """Two people with a long history turn out to be one while both are tracked; how much longer did a call take?"""
    source, _ = Source.objects.get_or_create(name="bench-merge")
    with web("cdp.wsgi:application") as ours:
        calls = _Calls(ours, str(source.id))
        for side in SIDES:
            calls.send(side, {"type": "page-view"})
        for profile_id in Profile.objects.filter(sessions__client_id__in=SIDES).values_list("id", flat=True):
            _give_history(profile_id, EVENTS_EACH)
        with calls.going_on(), _disk() as flushes:
            time.sleep(WARM_SECS)  # the first calls of each worker
            calls.latencies_ms.clear()
            time.sleep(USUAL_SECS)
            usual, calls.latencies_ms = calls.latencies_ms, []
            flushes.clear()
            for side in SIDES:
                calls.send(side, SIGN_IN)  # the second one says that they are one
            moving_secs = _move()
        during = calls.latencies_ms
    assert Profile.objects.filter(sessions__client_id__in=SIDES).distinct().count() == 1
    assert Merge.objects.filter(moved_at__isnull=False).count() == 1
    usual_ms = statistics.median(usual)
    return {
        "merge_usual_p50_ms": usual_ms,
        "merge_usual_p99_ms": statistics.quantiles(usual, n=100)[98],
        "merge_usual_longest_ms": max(usual),  # where others use the machine, this says how much the next one means
        "merge_disk_longest_ms": max(flushes),  # no call is faster than the disk
        "merge_p99_ms": statistics.quantiles(during, n=100)[98],
        "merge_block_ms": max(during) - usual_ms,
        "merge_moved_per_sec": EVENTS_EACH / moving_secs,
    }


def lookup() -> Figures:
    """Find a profile by an identifier, among a million, one of ten by the id of a profile that was merged away."""
    _make_people(PEOPLE)
    taken = []
    for number in range(LOOKUPS):
        started = time.perf_counter()
        found = identity.lookup(Identifier.Kind.EMAIL, f"Person{number}@example.com")
        taken.append((time.perf_counter() - started) * 1000)
        assert found is not None
    return {
        "profile_lookup_p50_ms": statistics.median(taken),
        "profile_lookup_p99_ms": statistics.quantiles(taken, n=100)[98],
    }


def _move() -> float:
    """Let the events follow in a process of its own, as they do in production; return how many seconds that took."""
    code = "from apps.events.resolution import moving; moving.move(secs=120)"
    started = time.perf_counter()
    subprocess.run([sys.executable, "manage.py", "shell", "--no-imports", "-c", code], check=True, cwd=BASE_DIR)
    return time.perf_counter() - started


@contextmanager
def _disk() -> Iterator[list[float]]:
    """Write and flush a block of our own again and again, and yield how many milliseconds each flush takes.

    A commit waits for the disk as this does: a call that is slow while the disk is says nothing of the platform.
    """
    taken, stop = [0.0], threading.Event()

    def probe() -> None:
        with tempfile.TemporaryFile(dir=BASE_DIR) as file:
            while not stop.wait(0.005):
                started = time.perf_counter()
                os.pwrite(file.fileno(), b"x" * 8192, 0)
                os.fdatasync(file.fileno())
                taken.append((time.perf_counter() - started) * 1000)

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield taken
    finally:
        stop.set()
        thread.join()


class _Calls:
    """Calls of `/track` for two sessions, one after the other on a thread for each."""

    def __init__(self, server: Web, source: str) -> None:
        self._server, self._source = server, source
        self.latencies_ms: list[float] = []

    def send(self, session: str, event: Mapping[str, object], client: http.client.HTTPConnection | None = None) -> None:
        client = client or http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
        body = json.dumps({"source": {"id": self._source}, "session": {"id": session}, "events": [event]})
        started = time.perf_counter()
        client.request("POST", "/track", body, {"Content-Type": "application/json"})
        answer = client.getresponse()
        answer.read()
        self.latencies_ms.append((time.perf_counter() - started) * 1000)
        assert answer.status == 200, answer.status

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Go on calling for both sessions while the block runs."""
        stop = threading.Event()

        def run(session: str) -> None:
            client = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
            while not stop.is_set():
                self.send(session, {"type": "page-view"}, client)
                time.sleep(0.002)

        threads = [threading.Thread(target=run, args=(session,)) for session in SIDES]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _give_history(profile_id: UUID, count: int) -> None:
    """Multiply an event of a profile to so many, over the last hours."""
    with connection.cursor() as cursor:
        columns = ", ".join(str(field.column) for field in Event._meta.concrete_fields)
        copied = columns.replace("id, time", "gen_random_uuid(), time - number * interval '10 milliseconds'", 1)
        cursor.execute(
            f"INSERT INTO events_event ({columns}) SELECT {copied} FROM generate_series(1, %s) AS number CROSS JOIN "
            "(SELECT * FROM events_event WHERE profile_id = %s AND type = 'page-view' LIMIT 1) AS sample",
            [count, profile_id],
        )
        cursor.execute("UPDATE profiles_profile SET event_count = event_count + %s WHERE id = %s", [count, profile_id])
        cursor.execute("VACUUM ANALYZE events_event")


def _make_people(count: int) -> None:
    """Fill the tables; LOOKUPS people have an address that we know, and one of ten was merged with the next."""
    known = [identifier_id(Identifier.Kind.EMAIL, f"person{number}@example.com") for number in range(LOOKUPS)]
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE_ROWS, [count])
        cursor.execute(STRANGERS_ROWS, [LOOKUPS, count])
        cursor.execute(KNOWN_ROWS, [known])
        cursor.execute(ALIAS_ROWS, [LOOKUPS - 1])
        cursor.execute("DELETE FROM profiles_profile WHERE id IN (SELECT id FROM profiles_alias)")
        for table in ("profiles_profile", "profiles_identifier", "profiles_alias"):
            cursor.execute(f"VACUUM ANALYZE {table}")
