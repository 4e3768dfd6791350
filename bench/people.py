"""Many people with a history, made by the database itself: BENCH_PROFILES of them, ten events each."""

import os
import sys
import time
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from apps.events.store import partitions

PROFILES = int(os.environ.get("BENCH_PROFILES", "40000"))
EVENTS_EACH, DAYS = 10, 150
# Ids in the order of time, as ours are.
PERSON_ID = """
CREATE OR REPLACE FUNCTION pg_temp.person_id(n bigint) RETURNS uuid LANGUAGE sql STABLE
AS $$ SELECT lpad(to_hex(n + 1), 32, '0')::uuid $$
"""
PEOPLE = """
INSERT INTO profiles_profile (
    id, primary_id, email, name, country, is_anonymous, created_at, updated_at, first_seen_at, last_seen_at,
    last_active_at, visit_count, event_count, identifier_count, data, traits, interests, consents, stats, aux,
    provenance,
    computed_states, computed, computed_version
) SELECT
    pg_temp.person_id(n), 'C-' || n, 'person' || n || '@example.com', 'Person ' || n,
    (ARRAY['NO', 'DE', 'PL', 'FR', 'US'])[1 + n %% 5], n %% 4 = 0,
    now() - n %% 700 * interval '1 day', now(), now() - n %% 700 * interval '1 day', now() - n %% 97 * interval '1 day',
    now() - n %% 97 * interval '1 day', 1 + n %% 9, 10, 1,
    jsonb_build_object(
        'contact', jsonb_build_object('email', jsonb_build_object('main', 'person' || n || '@example.com')),
        'pii', jsonb_build_object(
            'firstname', 'Person', 'lastname', 'No ' || n,
            'birthday', to_char(date '1950-01-01' + (n %% 20000)::int, 'YYYY-MM-DD')
        ),
        'metrics', jsonb_build_object('ltv', n %% 5000)
    ),
    jsonb_build_object('plan', (ARRAY['free', 'free', 'pro', 'team'])[1 + n %% 4], 'score', n %% 100),
    jsonb_build_object('jazz', n %% 7), '{}', '{}', '{}', '{}', '{}', '{}', 0
FROM generate_series(0, %s - 1) AS n
"""
# In the order of their time, each of somebody else, as events come: those of one person lie far from each other.
EVENTS = """
INSERT INTO events_month (
    id, time, received_at, processed_at, type, source_id, session_id, profile_id, original_profile_id,
    tags, properties, traits, context
) SELECT
    uuidv7(at - now()), at, at, at, (ARRAY['page-view', 'page-view', 'page-view', 'page-view', 'page-view', 'page-view',
    'product-viewed', 'product-viewed', 'purchase', 'sign-in'])[1 + (hashint8(i) & 2147483647) %% 10],
    pg_temp.person_id(0), pg_temp.person_id(i), pg_temp.person_id(person), pg_temp.person_id(person), '{}',
    jsonb_build_object('amount', i %% 90, 'product', 'p' || i %% 500, 'url', 'https://shop.example/' || i %% 1000),
    '{}', '{"page": {"title": "Shop"}, "device": {"type": "desktop"}}'
FROM (
    SELECT i, (hashint8extended(i, 17) & 9223372036854775807) %% %(people)s AS person,
        %(now)s::timestamptz - i * %(step)s * interval '1 second' AS at
    FROM generate_series(%(oldest)s::bigint, %(newest)s, -1) AS i
) AS made
"""


_there: list[int] = []  # how many, once they were made


def make_profiles(count: int) -> None:
    """Fill the table of profiles with so many people, and nothing else."""
    _there.clear()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE profiles_profile CASCADE")
        cursor.execute(PERSON_ID)
        cursor.execute(PEOPLE, [count])
        cursor.execute("VACUUM ANALYZE profiles_profile")
        cursor.execute("CHECKPOINT")


def make(count: int = PROFILES) -> None:
    """Fill the tables with so many people and their events, and nothing else; where they are already, leave them."""
    if _there == [count]:
        return
    started = time.perf_counter()
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE profiles_profile CASCADE")
        for month in partitions.existing():
            cursor.execute(f"DROP TABLE {partitions.name_of(month)}")
        partitions.look_again()
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(PERSON_ID)
        cursor.execute(PEOPLE, [count])
        this = partitions.month_of(now)
        for step in range(DAYS // 28 + 2):
            _fill(partitions.next_month(this, steps=-step), count=count, now=now)
        for table in ("profiles_profile", "events_event"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT")
    _there[:] = [count]
    secs = time.perf_counter() - started
    print(f"{count:,} people with {count * EVENTS_EACH:,} events, made in {secs:.0f} s", file=sys.stderr)


def _fill(month: date, *, count: int, now: datetime) -> None:
    """Fill a table, and let it become the partition of its month: indexes are made once, of all rows."""
    n_events = count * EVENTS_EACH
    step = DAYS * 86_400 / n_events
    ends = (datetime(each.year, each.month, 1, tzinfo=UTC) for each in (month, partitions.next_month(month)))
    oldest, newest = (int((now - end).total_seconds() / step) for end in ends)
    values: dict[str, Any] = {
        "people": count,
        "now": now,
        "step": step,
        "oldest": min(oldest, n_events),
        "newest": max(newest + 1, 1),
    }
    name = partitions.name_of(month)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TABLE {name} (LIKE events_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        cursor.execute(EVENTS.replace("events_month", name), values)
    partitions.ensure([month])
