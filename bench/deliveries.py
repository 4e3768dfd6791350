"""Deliveries by HTTP, the whole way: leased, sent by one worker to a receiver on this machine, and written."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

from django.conf import settings
from django.db import connection

from apps.bridges import outbox
from apps.bridges.lanes.dispatcher import Dispatcher
from apps.bridges.models import Connection, Delivery
from apps.core import claims
from apps.core.garbage import collect_less_often
from apps.core.ids import new_id
from bench.spent import Spent, spent

Figures = dict[str, float]
ROWS = 40_000
BODY = '{"event": "order-placed", "note": "' + "x" * 420 + '"}'
REPEATS = 3
IDLE_SECS = 1.0  # until it is noticed that nothing is left


def deliveries() -> Figures:
    """Deliver bodies of 460 bytes by one worker; and plan them, as who has a cause does, in batches of 500."""
    collect_less_often()
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with sink() as port:
        address = {"base_url": f"http://127.0.0.1:{port}"}
        receiver = Connection.objects.create(name=f"bench {port}", kind="http", settings=address)
        planned, sent = zip(*(_round(receiver) for _ in range(REPEATS)), strict=True)
    receiver.delete()
    best = min(sent, key=lambda took: took.secs)
    return {
        "http_deliveries_per_s": ROWS / (best.secs - IDLE_SECS),
        "deliveries_planned_per_s": ROWS / min(took.secs for took in planned),
        "deliveries_cpu_us": best.cpu(ROWS)["cpu_us"],
    }


def _round(receiver: Connection) -> tuple[Spent, Spent]:
    claims._marks.clear()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE bridges_delivery")
    planning = spent(lambda: _plan(receiver))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE bridges_delivery")
        cursor.execute("CHECKPOINT")
    sending = spent(_send)
    assert Delivery.objects.filter(outcome=Delivery.Outcome.DELIVERED).count() == ROWS
    return planning, sending


def _plan(receiver: Connection) -> None:
    now = datetime.now(UTC)
    for _ in range(ROWS // 500):
        request = {"path": "/hook", "headers": {"X-Flow": "bench"}, "body": BODY}
        outbox.plan([outbox.make(receiver.pk, str(new_id()), request, origin="bench", now=now) for _ in range(500)])


def _send() -> None:
    serving = Dispatcher()
    try:
        serving.serve(secs=120, idle_secs=IDLE_SECS, is_stopping=lambda: False, is_relieved=lambda: False)
    finally:
        serving.close()


@contextmanager
def sink() -> Iterator[int]:
    """Run a receiver in a process of its own, and return its port."""
    process = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
