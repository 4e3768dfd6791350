"""What a flow would have done in a shop's two years is counted by a simulation as plain SQL over the file counts it."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter

import pytest
from django.db import connection
from django.utils import timezone

from apps.flows.models import Run
from tests.bridges.factories import ConnectionFactory
from tests.factories import SourceFactory
from tests.flows.drawing import drawn
from tests.flows.simulating.simulated import not_entered, simulated
from tests.stories.purchases import NOON, Purchase, purchases, send

pytestmark = pytest.mark.django_db(transaction=True)
LAST_DAY, DAYS, LEAST, BIG = date(1998, 6, 30), 560, 20, 50
MAIL = {"connection": "Mail", "to": "shop@example.com", "subject": "Come back", "html": "<p>!</p>"}
WAIT = {"awaits": "checkout-completed", "time_out": "30 days"}
FLOW = {
    "triggers": [
        {
            "id": "bought",
            "kind": "event",
            "event_type": "checkout-completed",
            "condition": f"event@properties.value >= {LEAST}",
        }
    ],
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "big", "kind": "condition", "settings": {"condition": f"event@properties.value >= {BIG}"}},
        {"id": "again", "kind": "wait-for-event", "settings": WAIT},
        {"id": "soon", "kind": "wait-for-event", "settings": WAIT},
        {"id": "mail", "kind": "email", "settings": MAIL},
        {"id": "end", "kind": "end"},
    ],
    "edges": [
        {"from": "start", "to": "big"},
        {"from": "big", "port": "true", "to": "again"},
        {"from": "big", "port": "false", "to": "soon"},
        {"from": "again", "to": "end"},
        {"from": "again", "port": "time_out", "to": "mail"},
        {"from": "soon", "to": "end"},
        {"from": "mail", "to": "end"},
    ],
}
# Whoever buys for so much is asked whether they bought once more in 30 days, up to the last of these included.
BY_SQL = """
WITH entered AS (
    SELECT at, dollars >= %(big)s AS is_big, EXISTS (
        SELECT FROM purchases AS later WHERE later.customer = bought.customer
        AND (later.at, later.n) > (bought.at, bought.n) AND later.at <= bought.at + interval '720 hours'
    ) AS came_again FROM purchases AS bought WHERE dollars >= %(least)s
)
SELECT count(*), count(*) FILTER (WHERE is_big), count(*) FILTER (WHERE NOT is_big),
    count(*) FILTER (WHERE is_big AND came_again),
    count(*) FILTER (WHERE is_big AND NOT came_again AND at + interval '720 hours' <= %(until)s),
    count(*) FILTER (WHERE is_big AND NOT came_again AND at + interval '720 hours' > %(until)s),
    count(*) FILTER (WHERE NOT is_big AND came_again)
FROM entered
"""


def by_sql(bought: list[Purchase], *, moved: timedelta, until: datetime) -> list[int]:
    rows = [
        (n, each.customer, datetime.combine(each.day, NOON, tzinfo=UTC) + moved, each.dollars)
        for n, each in enumerate(bought)
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE purchases (n int, customer text, at timestamptz, dollars numeric)")
        cursor.executemany("INSERT INTO purchases VALUES (%s, %s, %s, %s)", rows)
        cursor.execute("CREATE INDEX ON purchases (customer, at, n)")
        cursor.execute(BY_SQL, {"least": LEAST, "big": BIG, "until": until})
        return list(cursor.fetchone())


def test_each_edge_is_counted_as_plain_sql_over_the_file_counts_it() -> None:
    bought, now = list(purchases()), timezone.now()
    moved = now.replace(minute=0, second=0, microsecond=0) - datetime.combine(LAST_DAY, NOON, tzinfo=UTC)
    send(SourceFactory(), bought, moved=moved)
    ConnectionFactory(name="Mail", kind="smtp")

    began = perf_counter()
    found = simulated(drawn(draft=FLOW), now=now, days=DAYS)
    print(f"{len(bought):,} events simulated in {perf_counter() - began:.1f} s: {found['edges']}")

    n, n_big, n_small, n_again, n_mails, n_waiting, n_soon = by_sql(bought, moved=moved, until=now)
    assert found["n_events"] == len(bought)
    assert found["n_people"] == len({each.customer for each in bought})
    assert found["edges"] == {
        "start.out -> big": n,
        "big.true -> again": n_big,
        "big.false -> soon": n_small,
        "again.out -> end": n_again,
        "again.time_out -> mail": n_mails,
        "soon.out -> end": n_soon,
        "mail.out -> end": n_mails,
    }
    assert min(n_again, n_mails, n_waiting, n_soon) > 0
    assert found["nodes"]["again"]["waiting_at_end"] == n_waiting
    assert not_entered(found) == {"condition": len(bought) - n}
    assert found["deliveries"] == [{"kind": "smtp", "connection": "Mail", "channel": "email", "n": n_mails}]
    assert sum(found["endings"].values()) == found["n_entered"] == n
    assert not found["is_sample"]
    assert not Run.objects.exists()  # what was imported starts nothing: it was looked at alone
