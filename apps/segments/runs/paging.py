"""Runs of re-evaluation: begun, worked on page by page, and brought to an end, whatever becomes of their workers.

A page is leased, and whoever is at it renews the lease (see core.claims). When they do not come back it is leased
again, by the next one whom `heal` sends; nothing is changed twice by that (see reconciling.py). A page that keeps
failing is given up, so that the run ends, with problems: the segments that failed wait to be built again.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core import claims
from apps.core.ids import NIL
from apps.profiles import dirty, ledger
from apps.profiles.models import Dirty, Profile
from apps.segments import definitions, sizes
from apps.segments.definitions import Definition, Definitions
from apps.segments.models import Cause, Reevaluation, ReevaluationPage, Segment
from apps.segments.runs import reconciling
from apps.segments.runs.reconciling import Outdated, People, Range, Those

logger = logging.getLogger(__name__)
PAGE: Final = 20_000  # profiles of a page when everybody is evaluated
DIRTY_PAGE: Final = 1_000
LOCKED: Final = 500  # profiles that are locked at once
KEPT: Final = timedelta(days=14)
LAST: Final = UUID(int=2**128 - 1)
CAUSES: Final = {
    Reevaluation.Kind.FULL: Cause.TIME,
    Reevaluation.Kind.BUILD: Cause.DEFINITION,
    Reevaluation.Kind.INCREMENTAL: Cause.CHANGE,
}
Kind = Reevaluation.Kind
# The last id of each page but the last, and how many there are.
PLAN = """
SELECT array_agg(id ORDER BY id) FILTER (WHERE number %% %s = 0), count(*)
FROM (SELECT {column} AS id, row_number() OVER (ORDER BY {column}) AS number FROM {table}) AS numbered
"""


def begin(kind: Kind, segments: Iterable[Definition], *, requested_by: str, now: datetime) -> Reevaluation | None:
    """Make a run and return it; None when one of its kind is under way, which counts how often that was so."""
    versions = {segment.key: segment.version for segment in segments}
    try:
        with transaction.atomic():
            run = Reevaluation(
                kind=kind, requested_by=requested_by, segments=versions, started_at=now, heartbeat_at=now
            )
            bounds, run.n_profiles = _plan(kind) if versions or kind == Kind.INCREMENTAL else ([], 0)
            run.n_pages = len(bounds)
            run.save()
            pages = [
                ReevaluationPage(run=run, number=n, after=a, until=u, due_at=now) for n, (a, u) in enumerate(bounds, 1)
            ]
            ReevaluationPage.objects.bulk_create(pages)
            _advance(run, now=now)
    except IntegrityError:
        Reevaluation.objects.filter(kind=kind, finished_at=None).update(n_skipped=F("n_skipped") + 1)
        return None
    return run


def _plan(kind: Kind) -> tuple[list[tuple[UUID, UUID]], int]:
    """Return the bounds of all pages, and the number of profiles; people who come later belong to the last page."""
    model, size = (Dirty, DIRTY_PAGE) if kind == Kind.INCREMENTAL else (Profile, PAGE)
    statement = PLAN.format(table=model._meta.db_table, column=model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(statement, [size])
        ends, n_profiles = cursor.fetchone()
    inner = ends or []
    return list(zip([NIL, *inner], [*inner, LAST], strict=True)), n_profiles


def work() -> bool:
    """Evaluate the page that has waited longest for all segments of its run, and tell whether there was one.

    Safe to run twice, also at once.
    """
    now = timezone.now()
    leases = claims.claim(ReevaluationPage, 1, now=now)
    if not leases:
        return False
    page = ReevaluationPage.objects.select_related("run").get(pk=leases[0].pk)
    Reevaluation.objects.filter(pk=page.run_id).update(heartbeat_at=now)
    people, seen = _people_of(page)
    problems = _evaluate_all(page, people)
    n_seen = _number(people)
    with transaction.atomic():
        run = _locked(page.run_id)
        now = timezone.now()
        for held in claims.held(ReevaluationPage, leases):  # none where somebody else, who took us for dead, has it
            held.problems, held.n_seen = problems, n_seen
            if problems:
                held.fail("Some segments could not be evaluated.", now=now)
            else:
                held.end()
            claims.write([held], "problems", "n_seen")
            if held.due_at is None:
                dirty.clear(seen)
        run.heartbeat_at = now
        _advance(run, now=now)
    return True


def _people_of(page: ReevaluationPage) -> tuple[People, list[tuple[UUID, datetime]]]:
    """Return whom a page is about; and where it is those who are dirty, their marks, which go once it is over."""
    if page.run.kind != Kind.INCREMENTAL:
        return Range(page.after, page.until), []
    found = Dirty.objects.filter(profile_id__gt=page.after, profile_id__lte=page.until).order_by("profile_id")
    # Whoever comes while the page waited and finds no place is left for the next run.
    seen = list(found.values_list("profile_id", "marked_at")[: 2 * DIRTY_PAGE])
    living = ledger.living_ids([profile_id for profile_id, _ in seen])  # some were merged away
    return Those(sorted(set(living.values()))), seen


def _evaluate_all(page: ReevaluationPage, people: People) -> dict[str, str]:
    """Evaluate segment after segment, those that others ask about first, and return what went wrong with which."""
    problems: dict[str, str] = {}
    known = definitions.read()
    keys = [segment.key for segment in known.segments if segment.key in page.run.segments]
    for key in keys:
        try:
            known = _evaluate(page, key, people, known)
        except OperationalError:
            raise  # the database is away or too busy: that is no fault of the segment
        except Exception as error:
            # One segment that cannot be evaluated must not take the others with it.
            logger.exception("A segment could not be evaluated", extra={"segment": key, "run": str(page.run_id)})
            problems[key] = f"{type(error).__name__}: {error}"[:500]
        claims.renew(ReevaluationPage, [page.lease], now=timezone.now())
    return problems


def _evaluate(page: ReevaluationPage, key: str, people: People, known: Definitions) -> Definitions:
    """Evaluate one segment, and return the definitions that counted: newer ones, if they changed meanwhile."""
    while True:
        segment = next((each for each in known.segments if each.key == key), None)
        if segment is None:  # switched off or deleted meanwhile
            return known
        try:
            found = iter(reconciling.different(segment, people, now=timezone.now()))
            while ids := list(islice(found, LOCKED)):
                _reconcile(page, segment, ids, known)
        except Outdated:
            known = definitions.read()
        else:
            return known


def _reconcile(page: ReevaluationPage, segment: Definition, ids: Sequence[UUID], known: Definitions) -> None:
    """Reconcile some people and count them, in one transaction."""
    now, because = timezone.now(), CAUSES[Kind(page.run.kind)]
    with transaction.atomic():
        changes = reconciling.reconcile(segment, ids, known, because=because, now=now)
        claims.renew(ReevaluationPage, [page.lease], now=now)
        ReevaluationPage.objects.filter(pk=page.pk).update(
            n_entered=F("n_entered") + len(changes.entered), n_left=F("n_left") + len(changes.left)
        )


def _number(people: People) -> int:
    if isinstance(people, Those):
        return len(people.ids)
    assert isinstance(people, Range)
    return Profile.objects.filter(id__gt=people.after, id__lte=people.until).count()


def heal(*, now: datetime) -> int:
    """Return how many pages nobody works on though somebody should; give up those that failed too often."""
    claims.heal(ReevaluationPage, now=now)
    n_lost = 0
    for run_id in Reevaluation.objects.filter(finished_at=None).values_list("pk", flat=True):
        with transaction.atomic():
            run = _locked(run_id)
            lost = run.pages.filter(due_at__lte=now)
            if run.heartbeat_at < now - ReevaluationPage.LEASE:
                run.heartbeat_at = now  # the queue was lost, or there is no worker
            else:
                lost = lost.filter(attempts__gt=0)
            n_lost += lost.count()
            _advance(run, now=now)
    return n_lost


def _locked(run_id: UUID) -> Reevaluation:
    return Reevaluation.objects.select_for_update(no_key=True).get(pk=run_id)


def _advance(run: Reevaluation, *, now: datetime) -> None:
    """Sum up the pages of a run, whose row the caller holds, and end it when all are done."""
    if run.finished_at:
        return
    done = run.pages.aggregate(
        n=Count("pk", filter=Q(due_at=None)), seen=Sum("n_seen"), entered=Sum("n_entered"), left=Sum("n_left")
    )
    run.n_pages_done = done["n"]
    run.n_seen, run.n_entered, run.n_left = done["seen"] or 0, done["entered"] or 0, done["left"] or 0
    if run.n_pages_done == run.n_pages:
        _finish(run, now=now)
    run.save()


def _finish(run: Reevaluation, *, now: datetime) -> None:
    run.finished_at = now
    for page in run.pages.exclude(dead_at=None).order_by("number"):
        run.problems |= page.problems or {"": page.error}
    failed = set(run.segments) if "" in run.problems else run.segments.keys() & run.problems.keys()
    Segment.objects.filter(key__in=failed).update(evaluated_at=None)
    if run.kind == Kind.INCREMENTAL:
        return
    # Only a build has waited for those who went by other definitions before: only it can say that one is evaluated.
    known = Segment.objects.all() if run.kind == Kind.BUILD else Segment.objects.exclude(evaluated_at=None)
    for key in run.segments.keys() - failed:
        # One whose definition changed meanwhile was evaluated by either.
        known.filter(key=key, version=run.segments[key]).update(
            evaluated_at=run.started_at, built_at=Coalesce("built_at", now)
        )
    is_for_all = run.kind == Kind.FULL
    sizes.count(Segment.objects.values_list("key", flat=True) if is_for_all else run.segments, now=now)
    Reevaluation.objects.filter(finished_at__lt=now - KEPT).delete()
