"""The measurements: each returns its figures, and the ratios to the limit that it measured in the same run."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.core.garbage import collect_less_often
from apps.events import sources
from apps.events.models import Event, InboxItem, Source
from apps.events.store import partitions
from apps.events.store.storage import EventRow
from apps.segments.models import Segment
from apps.segments.platform_events import ENTERED, LEFT
from bench import segmenting
from bench.bridges import bridge_kinds
from bench.claims import claims
from bench.copying import copying as copy_events
from bench.crash import crash
from bench.deliveries import deliveries
from bench.editor import editor
from bench.flow_segmentation import flow_segmentation
from bench.flows import resumes, resumes_by_two, runs, wakeups
from bench.flows_killed import flows_killed
from bench.heartbeats import heartbeats, heartbeats_killed
from bench.identity import lookup, merge
from bench.load import page_views, sdk_messages
from bench.machine import web
from bench.nodes import nodes
from bench.rich import TYPE, orders, switch
from bench.segments import reevaluation, segment_sql
from bench.simulation import simulation
from bench.spent import Spent, cost, named, spent
from bench.triggers import inline_flow, plan_cost

Figures = dict[str, float]
WEB_SECS = 6.0
WARM_SECS = 2.0
INGEST_EVENTS = 20_000
STORED_EVENTS = 2_000_000
RICH_EVENTS = 10_000
RICH_PIECES = 5
SEGMENT_EVENTS = 10_000
BATCH = 500


def track() -> Figures:
    """`/track` through the whole pipeline, and durable acceptance, beside a bare Django view on the same server."""
    source = _source("bench-track")
    with web("bench.bare:application") as bare_web:
        bare_web.load("/track", "page_views", source, secs=WARM_SECS)
        bare = bare_web.load("/track", "page_views", source, secs=WEB_SECS)
    with web("cdp.wsgi:application") as ours:
        ours.load("/track", "page_views", source, secs=WARM_SECS)
        tracked = ours.load("/track", "page_views", source, secs=WEB_SECS)
        ours.load("/v1/track", "sdk_messages", source, secs=WARM_SECS)
        accepted = ours.load("/v1/track", "sdk_messages", source, secs=WEB_SECS)
        rss_mb = ours.rss_mb()
    InboxItem.objects.all().delete()
    return {
        "bare_per_sec": bare["per_sec"],
        "track_per_sec": tracked["per_sec"],
        "track_p50_ms": tracked["p50_ms"],
        "track_p99_ms": tracked["p99_ms"],
        "track_failed": tracked["n_failed"],
        "track_cpu_us": tracked["cpu_us"],
        "track_postgres_cpu_us": tracked["postgres_cpu_us"],
        "accept_per_sec": accepted["per_sec"],
        "accept_p50_ms": accepted["p50_ms"],
        "accept_failed": accepted["n_failed"],
        "accept_cpu_us": accepted["cpu_us"],
        "accept_postgres_cpu_us": accepted["postgres_cpu_us"],
        "track_ratio": tracked["per_sec"] / bare["per_sec"],
        "accept_ratio": accepted["per_sec"] / bare["per_sec"],
        "web_rss_mb": rss_mb,
    }


def ingest() -> Figures:
    """One ingest process over a full inbox, beside plain COPY of the rows that it stored, by one process too.

    The limit is COPY of rows that a Python process holds, as ingest does; COPY of ready text stands beside it.
    """
    source = _source("bench-ingest")
    _fill_inbox(source, sdk_messages(source), 2_000)
    _drain()
    Event.objects.all().delete()
    _fill_inbox(source, sdk_messages(source), INGEST_EVENTS)
    collect_less_often()
    took = spent(_drain)
    n_rows = Event.objects.count()
    rows_secs, text_secs = _copy_rows(), _copy_text()
    return {
        "ingest_per_sec": n_rows / took.secs,
        **named("ingest", took.cpu(n_rows)),
        "copy_rows_per_sec": n_rows / rows_secs,
        "copy_text_per_sec": n_rows / text_secs,
        "ingest_ratio": rows_secs / took.secs,
        "ingest_to_text_ratio": text_secs / took.secs,
    }


def stored() -> Figures:
    """`/track` and ingest on an empty event table, and again with two million events stored."""
    empty = _both_speeds("bench-empty")
    _store_many(STORED_EVENTS)
    full = _both_speeds("bench-full")
    return {
        "stored_track_per_sec_empty": empty[0],
        "stored_track_per_sec_2m": full[0],
        "stored_ingest_per_sec_empty": empty[1],
        "stored_ingest_per_sec_2m": full[1],
        "stored_2m_ratio": min(full[0] / empty[0], full[1] / empty[1]),
    }


def statements() -> Figures:
    """SQL statements of one batch, of 1, 10 and 500 payloads; the figure is the largest, or -1 when they differ."""
    source = _source("bench-statements")
    bodies = page_views(source)
    counts = []
    for size in (11, 1, 10, 500):  # the first one fills caches, and begins the session that the second one goes on with
        messages = [_message(source, "track", body) for body in itertools.islice(bodies, size)]
        with CaptureQueriesContext(connection) as captured:
            accept.history(messages, at=datetime.now(UTC))
        counts.append(len(captured))
    counts = counts[1:]
    return {
        "statements_of_1": counts[0],
        "statements_of_10": counts[1],
        "statements_of_500": counts[2],
        "statements_per_batch": counts[0] if len(set(counts)) == 1 else -1,
    }


def rich() -> Figures:
    """Ingest of the same events with everything switched on that `bench.rich` knows, and without.

    Both are measured in turn, in pieces, so that neither has the warmer caches or the emptier tables.
    """
    source = _source("bench-rich")
    took = {True: Spent(), False: Spent()}
    _take_orders(source, is_rich=True, count=2_000)
    collect_less_often()
    for _ in range(RICH_PIECES):
        for is_rich in took:
            took[is_rich] += _take_orders(source, is_rich=is_rich, count=RICH_EVENTS // RICH_PIECES)
    assert Event.objects.filter(type=TYPE, is_valid=True).count() == 2_000 + 2 * RICH_EVENTS
    return {
        "rich_per_sec": RICH_EVENTS / took[True].secs,
        "plain_per_sec": RICH_EVENTS / took[False].secs,
        **named("rich", took[True].cpu(RICH_EVENTS)),
        **named("plain", took[False].cpu(RICH_EVENTS)),
        **cost("rich_pipeline", took[True], took[False], RICH_EVENTS),
    }


def segments() -> Figures:
    """Ingest of the same traffic of known people with a hundred segments evaluated, and with all of them switched off.

    What people enter and leave is announced, and these events are part of what is ingested.
    """
    source = _source("bench-segments")
    segmenting.make()
    segmenting.switch(is_on=True)
    _ingest_all(source, segmenting.everybody(source), segmenting.USERS * (2 + 2 * segmenting.N_ORDERS))
    Segment.objects.update(built_at=datetime.now(UTC))
    took = {True: Spent(), False: Spent()}
    bodies = {is_on: segmenting.traffic(source, half=int(is_on)) for is_on in took}
    n_before = Event.objects.filter(type__in=(ENTERED.type, LEFT.type)).count()
    collect_less_often()
    for _ in range(RICH_PIECES):
        for is_on in took:
            segmenting.switch(is_on=is_on)
            took[is_on] += _ingest_all(source, bodies[is_on], SEGMENT_EVENTS // RICH_PIECES)
    return {
        "segments_per_sec": SEGMENT_EVENTS / took[True].secs,
        "segments_off_per_sec": SEGMENT_EVENTS / took[False].secs,
        "segments_changes": Event.objects.filter(type__in=(ENTERED.type, LEFT.type)).count() - n_before,
        **named("segments", took[True].cpu(SEGMENT_EVENTS)),
        **named("segments_off", took[False].cpu(SEGMENT_EVENTS)),
        **cost("segments_100_pipeline", took[True], took[False], SEGMENT_EVENTS),
    }


def _ingest_all(source: str, bodies: Iterator[bytes], count: int) -> Spent:
    _fill_inbox(source, bodies, count)
    return spent(_drain)


def _take_orders(source: str, *, is_rich: bool, count: int) -> Spent:
    switch(is_on=is_rich)
    return _ingest_all(source, orders(source), count)


def copying() -> Figures:
    """Copying stored events to profiles, beside `/track` and alone."""
    return copy_events(_source("bench-copying"))


PARTS: dict[str, Callable[[], Figures]] = {
    "statements": statements,
    "claims": claims,
    "nodes": nodes,
    "deliveries": deliveries,
    "track": track,
    "ingest": ingest,
    "bridges": bridge_kinds,
    "rich": rich,
    "segments": segments,
    "plan_cost": plan_cost,
    "inline_flow": inline_flow,
    "stored": stored,
    "crash": crash,
    "merge": merge,
    "lookup": lookup,
    "editor": editor,
    # The last ones: they make people of their own, and nobody else is left.
    "copying": copying,
    "segment_sql": segment_sql,
    "live": reevaluation,
    "simulation": simulation,
    "flow_runs": runs,
    "resumes": resumes,
    "resumes_by_two": resumes_by_two,
    "wakeups": wakeups,
    "flows_killed": flows_killed,
    "flow_segmentation": flow_segmentation,
    "heartbeats": heartbeats,
    "heartbeats_killed": heartbeats_killed,
}


def _both_speeds(name: str) -> tuple[float, float]:
    source = _source(name)
    with web("cdp.wsgi:application") as ours:
        ours.load("/track", "page_views", source, secs=WARM_SECS)
        tracked = ours.load("/track", "page_views", source, secs=WEB_SECS)["per_sec"]
    took = _ingest_all(source, sdk_messages(source), INGEST_EVENTS // 2)
    return tracked, INGEST_EVENTS / 2 / took.secs


def _source(name: str) -> str:
    source, _ = Source.objects.get_or_create(name=name)
    return str(source.id)


def _message(source: str, dialect: str, body: bytes) -> Message:
    policy = sources.find(source)
    assert policy is not None
    call = json.loads(body)["type"] if dialect == InboxItem.Dialect.SDK else ""
    return Message(dialect, body, Envelope(policy, datetime.now(UTC), ip="198.51.100.7", call=call))


def _fill_inbox(source: str, bodies: Iterator[bytes], count: int) -> None:
    for start in range(0, count, 1_000):
        size = min(1_000, count - start)
        messages = [_message(source, InboxItem.Dialect.SDK, body) for body in itertools.islice(bodies, size)]
        accept.keep(messages)


def _drain() -> None:
    while accept.ingest(BATCH, at=datetime.now(UTC)):
        pass


def _copy_rows() -> float:
    """COPY the stored events from Python values into a table like theirs, by batches, and return how long it took."""
    columns = ", ".join(EventRow._fields)
    as_text = ("tags", "properties", "traits", "context", "problems")
    jsons = [f"{name}::text" if name in as_text else name for name in EventRow._fields]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(jsons)} FROM events_event")
        rows = cursor.fetchall()
        cursor.execute("CREATE TABLE bench_copy (LIKE events_event INCLUDING ALL)")
        started = time.perf_counter()
        for start in range(0, len(rows), BATCH):
            with cursor.copy(f"COPY bench_copy ({columns}) FROM STDIN") as target:
                for row in rows[start : start + BATCH]:
                    target.write_row(row)
        secs = time.perf_counter() - started
        cursor.execute("DROP TABLE bench_copy")
    return secs


def _copy_text() -> float:
    """COPY the stored events as text that is ready, in one go, and return how long it took."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_copy (LIKE events_event INCLUDING ALL)")
        with cursor.copy("COPY (SELECT * FROM events_event) TO STDOUT") as out:
            rows = [bytes(row) for row in out]
        started = time.perf_counter()
        with cursor.copy("COPY bench_copy FROM STDIN") as target:
            for start in range(0, len(rows), BATCH):
                target.write(b"".join(rows[start : start + BATCH]))
        secs = time.perf_counter() - started
        cursor.execute("DROP TABLE bench_copy")
    return secs


def _store_many(count: int) -> None:
    """Multiply what is stored to that many events of other people, in the order of the last three months."""
    now = datetime.now(UTC)
    partitions.ensure({partitions.next_month(partitions.month_of(now), steps=-step) for step in range(4)})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_event (id, time, received_at, processed_at, type, source_id, session_id, profile_id, "
            "original_profile_id, message_id, journey, tags, properties, traits, context) "
            "SELECT uuidv7(since), now() + since, now(), now(), sample.type, "
            "sample.source_id, people.id, people.id, people.id, NULL, sample.journey, sample.tags, "
            "sample.properties, sample.traits, sample.context FROM generate_series(1, %s) AS number "
            "CROSS JOIN LATERAL (SELECT interval '-80 days' * (1 - number / %s::float) AS since, "
            "md5((number %% 100000)::text)::uuid AS id) AS people "
            "CROSS JOIN (SELECT * FROM events_event WHERE type = 'page-view' LIMIT 1) AS sample",
            [count, count],
        )
        cursor.execute("VACUUM ANALYZE events_event")
        cursor.execute("CHECKPOINT")
