"""Two processes that tell of the same silences take turns, without a lease: whoever comes second finds nothing left."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.collector import accept
from apps.events.models import Event
from apps.heartbeats import clock, telling
from apps.heartbeats.models import Heartbeat, Silence
from apps.heartbeats.silent import Look
from apps.heartbeats.telling import Busy
from bench.heartbeats import N_PEOPLE, PEOPLE, SESSIONS
from tests.heartbeats.factories import HeartbeatFactory

pytestmark = pytest.mark.django_db(transaction=True)
IDLE, PAGE = 400, 30


def tell_of_all(row: Heartbeat, start: Barrier) -> int:
    """Tell of page after page from the first on, as a process does that holds no lease, until nothing is left."""
    stored_until, said = clock.read().stored_until, 0
    start.wait(timeout=30)
    try:
        while True:
            look = Look(row, stored_until - row.wait_period, None, None, PAGE)
            try:
                with transaction.atomic():
                    told = telling.tell(look, most=PAGE, stored_until=stored_until, now=timezone.now())
            except Busy:
                continue
            said += told.n_said
            if not told.n_due:
                return said
    finally:
        connection.close()


def test_each_silence_is_told_of_once() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [N_PEOPLE])
        cursor.execute(SESSIONS, [N_PEOPLE, timedelta(hours=1), timedelta(seconds=1), IDLE])
    row = HeartbeatFactory(strategy="session-not-closed", wait_period=timedelta(minutes=5))
    start = Barrier(3)

    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(lambda _: tell_of_all(row, start), range(3)))
    while accept.ingest(500, at=timezone.now()):
        pass

    assert sum(said) == Silence.objects.count() == IDLE
    told = Counter(Event.objects.filter(type="session-closed").values_list("session_id", flat=True))
    assert len(told) == IDLE
    assert set(told.values()) == {1}
