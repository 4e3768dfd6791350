"""A flow over everybody, beside a segment of the same condition: how many people a second each decides about.

Who is in either is compared with whom plain SQL finds.
"""

import resource
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection

from apps.core import tasks
from apps.core.audit import COMMAND
from apps.core.garbage import collect_less_often
from apps.events.models import InboxItem
from apps.flows.changing import publishing, switching
from apps.flows.changing.publishing import People
from apps.flows.models import Flow
from apps.flows.segmenting import Segmenting
from apps.segments import definitions
from apps.segments.models import Membership, Reevaluation, Segment
from apps.segments.runs import due, paging
from bench import people
from bench.spent import Spent, named, spent

Figures = dict[str, float]
GONE_THROUGH = 100_000
# Time alone may change it, so that a run over everybody evaluates it.
CONDITION = 'profile@traits.plan = "pro" AND profile@last_seen_at >= now() - 60 DAYS'
WANTED = """
SELECT id FROM profiles_profile WHERE traits ->> 'plan' = 'pro' AND last_seen_at >= now() - interval '60 days'
"""
MEMBERS = """
SELECT profile_id FROM segments_membership AS m JOIN segments_segment AS s ON s.id = m.segment_id
WHERE s.key = %s AND m.left_at IS NULL
"""


def flow_segmentation() -> Figures:
    """Both for the first time, when some of the people enter, and again, when nothing changes; one process."""
    people.make_profiles(GONE_THROUGH)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE segments_segment, segments_reevaluation, profiles_dirty, events_inboxitem CASCADE")
    definitions.save(Segment(key="by-condition", name="By condition", condition=CONDITION))
    _draw()
    collect_less_often()
    flow = [_timed(_pass) for _ in range(2)]
    peak_mb = _peak_mb()
    segment = [_timed(_build), _timed(_evaluate)]
    return {
        "flow_segmentation_members": _members(),
        "flow_segmentation_peak_mb": peak_mb,
        **_figures("flow_segmentation_first", flow[0]),
        **_figures("flow_segmentation", flow[1]),
        **_figures("segment_first", segment[0]),
        **_figures("segment", segment[1]),
        "flow_segmentation_first_ratio": flow[0].secs / segment[0].secs,
        "flow_segmentation_ratio": flow[1].secs / segment[1].secs,
    }


def _figures(name: str, took: Spent) -> dict[str, float]:
    return named(name, {"per_s": GONE_THROUGH / took.secs, **took.cpu(GONE_THROUGH)})


def _members() -> int:
    """Return how many are in each of the segments, who are those that SQL finds, and have entered once."""
    with connection.cursor() as cursor:
        cursor.execute(WANTED)
        wanted = {id for (id,) in cursor.fetchall()}
        for key in ("by-flow", "by-condition"):
            cursor.execute(MEMBERS, [key])
            assert {id for (id,) in cursor.fetchall()} == wanted, key
            assert Membership.objects.filter(segment__key=key).count() == len(wanted) > 0, key
    return len(wanted)


def _peak_mb() -> float:
    """Return the most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _draw() -> None:
    """Make a flow that leads to a segment of its own whoever the condition is true of."""
    Segment.objects.create(key="by-flow", name="By flow", kind=Segment.Kind.FLOW)
    draft = publishing.first_draft(Flow.Kind.SEGMENTATION)
    draft["nodes"][1]["settings"]["condition"] = CONDITION
    row, now = Flow(key="everybody", name="Everybody", kind=Flow.Kind.SEGMENTATION, draft=draft), datetime.now(UTC)
    publishing.save(row, revision=0, is_unfinished=False, actor=COMMAND, now=now)
    publishing.publish(row.pk, revision=1, people=People.FINISH, note="", actor=COMMAND, now=now)
    switching.switch_on(row.pk, actor=COMMAND, now=now)


def _pass() -> None:
    [task] = Segmenting().begin(is_full=True, requested_by="bench", now=datetime.now(UTC))
    while tasks.run(task.pk, secs=60):
        pass
    task.refresh_from_db()
    assert (task.state, task.progress, task.n_failed) == (task.State.DONE, GONE_THROUGH, 0), task.message


def _build() -> None:
    _work(due.begin_due(requested_by="bench", now=datetime.now(UTC)).n_pages)


def _evaluate() -> None:
    _work(due.begin_full(requested_by="bench", now=datetime.now(UTC)).n_pages)


def _work(n_pages: int) -> None:
    assert n_pages
    for _ in range(n_pages):
        assert paging.work()
    assert not Reevaluation.objects.filter(finished_at=None).exists()


def _timed(work: Callable[[], None]) -> Spent:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    took = spent(work)
    InboxItem.objects.all().delete()
    return took
