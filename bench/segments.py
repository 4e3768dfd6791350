"""Segments over many people: their SQL beside what somebody would write by hand, and re-evaluation runs.

`make bench` takes forty thousand people; BENCH_PROFILES=1000000 a million with ten million events, which takes ten
minutes. The figures' names say how many it were.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import connection

from apps.events.models import InboxItem
from apps.profiles import dirty
from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Reevaluation, Segment
from apps.segments.runs import due, paging
from bench import people

Figures = dict[str, float]
REPEATS = 3
SQL_REPEATS = 3 if people.PROFILES >= 1_000_000 else 9  # what takes no time is measured more often
DIRTY = 1_000
# A condition, and how one would ask the same by hand; both of profiles_profile AS p, with %(now)s.
TYPICAL = {
    "fields": (
        'profile@traits.plan IN ["pro", "team"] AND profile@data.metrics.ltv >= 1000 '
        "AND profile@last_seen_at >= now() - 60 DAYS AND profile@data.contact.email.main EXISTS",
        "p.traits ->> 'plan' IN ('pro', 'team') AND (p.data #>> '{metrics,ltv}')::numeric >= 1000 "
        "AND p.last_seen_at >= %(now)s - interval '60 days' AND p.data #>> '{contact,email,main}' IS NOT NULL",
    ),
    "loyal": (
        'COUNT("purchase" LAST 90 DAYS) >= 2',
        "p.id IN (SELECT profile_id FROM events_event WHERE type = 'purchase' AND is_valid "
        "AND time >= %(now)s - interval '90 days' AND time <= %(now)s GROUP BY profile_id HAVING count(*) >= 2)",
    ),
    "lapsed": (
        'DID("purchase") AND DID NOT("purchase" LAST 60 DAYS)',
        "EXISTS (SELECT FROM events_event AS e WHERE e.profile_id = p.id AND type = 'purchase' AND is_valid "
        "AND time <= %(now)s) AND NOT EXISTS (SELECT FROM events_event AS e WHERE e.profile_id = p.id "
        "AND type = 'purchase' AND is_valid AND time >= %(now)s - interval '60 days' AND time <= %(now)s)",
    ),
    "spender": (
        'SUM(event@properties.amount OF "purchase" WHERE event@properties.amount > 20 LAST 90 DAYS) > 100',
        "p.id IN (SELECT profile_id FROM events_event WHERE type = 'purchase' AND is_valid "
        "AND time >= %(now)s - interval '90 days' AND time <= %(now)s AND (properties ->> 'amount')::numeric > 20 "
        "GROUP BY profile_id HAVING sum((properties ->> 'amount')::numeric) > 100)",
    ),
    "quiet": (
        'LAST(event@time OF "purchase") < now() - 60 DAYS AND profile@traits.plan = "pro"',
        "p.traits ->> 'plan' = 'pro' AND p.id IN (SELECT profile_id FROM events_event WHERE type = 'purchase' "
        "AND is_valid AND time <= %(now)s GROUP BY profile_id HAVING max(time) < %(now)s - interval '60 days')",
    ),
}
# Beside a self-join, which compares each event of a person with each: ours goes through them once, however many.
SEQUENCE = {
    "sequence": (
        'SEQUENCE("product-viewed" THEN "purchase" WITHIN 7 DAYS LAST 60 DAYS)',
        "p.id IN (SELECT v.profile_id FROM events_event AS v JOIN events_event AS b USING (profile_id) "
        "WHERE v.type = 'product-viewed' AND v.is_valid "
        "AND v.time >= %(now)s - interval '60 days' AND v.time <= %(now)s "
        "AND b.type = 'purchase' AND b.is_valid AND b.time >= %(now)s - interval '60 days' AND b.time <= %(now)s "
        "AND b.time > v.time AND b.time <= v.time + interval '7 days')",
    ),
}
# Twenty segments of a shop; seven of them ask about past events.
LIVE = [
    *(f"profile@last_seen_at < now() - {days} DAYS" for days in (30, 60, 90)),
    'profile@traits.plan = "pro" AND profile@last_seen_at >= now() - 7 DAYS',
    'profile@country = "NO" AND profile@first_seen_at >= now() - 30 DAYS',
    "profile@data.metrics.ltv >= 2500 AND profile@last_seen_at >= now() - 30 DAYS",
    "profile@interests.jazz > 4 AND profile@last_seen_at >= now() - 14 DAYS",
    "age(profile@data.pii.birthday) BETWEEN 18 AND 29",
    "age(profile@data.pii.birthday) >= 65",
    "days_to_anniversary(profile@data.pii.birthday) <= 7",
    "profile@traits.score > 90 AND profile@first_seen_at < now() - 365 DAYS",
    "profile@visits.count >= 5 AND profile@last_seen_at >= now() - 30 DAYS",
    "profile@is_anonymous IS TRUE AND profile@last_seen_at < now() - 60 DAYS",
    'COUNT("purchase" LAST 30 DAYS) >= 1',
    'COUNT("purchase" LAST 90 DAYS) >= 3',
    'DID("purchase") AND DID NOT("purchase" LAST 60 DAYS)',
    'COUNT("page-view" LAST 14 DAYS) >= 3',
    'SUM(event@properties.amount OF "purchase" LAST 90 DAYS) > 150',
    'DID("sign-in" LAST 7 DAYS) AND profile@traits.plan = "team"',
    'SEQUENCE("product-viewed" THEN "purchase" WITHIN 7 DAYS LAST 30 DAYS)',
]
assert len(LIVE) == 20
# Others get the plan of these people's neighbours: each is somewhere else in the tables.
CHANGE = """
UPDATE profiles_profile SET traits = traits || '{"plan": "pro"}', last_seen_at = now() - interval '1 day'
WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM profiles_profile) AS numbered
             WHERE n %% %s = %s) RETURNING id
"""


def segment_sql() -> Figures:
    """Count the members of typical segments by our SQL and by hand-written SQL, in turn."""
    people.make()
    now = datetime.now(UTC)
    figures: Figures = {"segment_people": people.PROFILES}
    for name, (text, by_hand) in (TYPICAL | SEQUENCE).items():
        segment = definitions.compile(Segment(key=name, name=name, condition=text))
        ours = segment.to_sql(now=now)
        theirs = (by_hand, {"now": now})
        assert _count(*ours) == _count(*theirs), name
        secs = {"ours": 9e9, "theirs": 9e9}
        for _ in range(SQL_REPEATS):
            secs["ours"] = min(secs["ours"], _timed(_count, *ours))
            secs["theirs"] = min(secs["theirs"], _timed(_count, *theirs))
        figures[f"segment_sql_{name}_s"] = secs["ours"]
        figures[f"segment_sql_{name}_ratio"] = secs["ours"] / secs["theirs"]
    return {**figures, "segment_sql_ratio": max(figures[f"segment_sql_{name}_ratio"] for name in TYPICAL)}


def reevaluation() -> Figures:
    """Evaluate twenty segments for everybody, again, and for those who are dirty; for few people, and for many."""
    figures: Figures = {}
    for count in (people.PROFILES, people.PROFILES // 10):
        people.make(count)
        size = f"{count // 1_000_000}m" if count % 1_000_000 == 0 else f"{count // 1_000}k"
        _define()
        figures[f"live_build_{size}_s"] = _timed(_run)
        _settle_down()
        figures[f"live_run_{size}_s"] = _timed(partial(_run, is_full=True))
        figures[f"live_incremental_1k_of_{size}_s"] = min(map(_dirty_secs, range(REPEATS)))
    large, small = (value for key, value in figures.items() if key.startswith("live_run_"))
    many, few = (value for key, value in figures.items() if key.startswith("live_incremental_"))
    return {
        **figures,
        "live_run_growth": large / small,
        "live_incremental_1k_s": many,
        "live_incremental_growth": many / few,
    }


def _define() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE segments_segment, segments_reevaluation, profiles_dirty, events_inboxitem CASCADE")
    for number, condition in enumerate(LIVE):
        definitions.save(Segment(key=f"live-{number}", name=f"Live {number}", condition=condition))


def _run(*, is_full: bool = False) -> None:
    """Begin what waits, and work on all of it, as one worker does."""
    now = datetime.now(UTC)
    begun = due.begin_full(requested_by="bench", now=now) if is_full else due.begin_due(requested_by="bench", now=now)
    for _ in range(begun.n_pages):
        assert paging.work()
    assert not Reevaluation.objects.filter(finished_at=None).exists()
    assert not Reevaluation.objects.exclude(problems={}).exists()


def _dirty_secs(number: int) -> float:
    """Change some people, and say how long it takes to evaluate them."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, [Profile.objects.count() // DIRTY, number])
        dirty.mark(profile_id for (profile_id,) in cursor.fetchall())
    secs = _timed(_run)
    run = Reevaluation.objects.latest("started_at")
    assert (run.kind, run.n_seen) == (Reevaluation.Kind.INCREMENTAL, DIRTY)
    assert run.n_entered
    return secs


def _settle_down() -> None:
    """Let nothing of the build be left to the next measurement."""
    InboxItem.objects.all().delete()
    with connection.cursor() as cursor:
        for table in ("segments_membership", "profiles_profile", "events_inboxitem"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT")


def _count(condition: str, params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM profiles_profile AS p WHERE {condition}", params)
        return int(cursor.fetchone()[0])


def _timed(work: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started
