"""Live runs: begun, worked on page by page, and brought to an end, whatever becomes of those who work on them.

A page is claimed for a while (LEASE), which whoever is at it renews. When he does not come back it is claimed again, by
the next one whom `heal` sends; nothing is changed twice by that (see deciding.py). A page that keeps failing is set
aside, so that the run ends, with problems: the segments that failed wait to be built again.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core.ids import NIL
from apps.profiles import touching
from apps.profiles.models import Alias, Profile, Touched
from apps.segments import deciding, definitions, sizes
from apps.segments.deciding import Outdated, People, Range, Those
from apps.segments.definitions import Definition, Definitions
from apps.segments.models import Cause, LivePage, LiveRun, Segment

logger = logging.getLogger(__name__)
PAGE: Final = 20_000  # profiles of a page when everybody is decided
TOUCHED_PAGE: Final = 1_000
LOCKED: Final = 500  # profiles that are locked at once
LEASE: Final = timedelta(minutes=1)
MAX_ATTEMPTS: Final = 3
KEPT: Final = timedelta(days=14)
LAST: Final = UUID(int=2**128 - 1)
DIED: Final = "Whoever worked on it did not come back."
CAUSES: Final = {
    LiveRun.Kind.FULL: Cause.TIME,
    LiveRun.Kind.BUILD: Cause.DEFINITION,
    LiveRun.Kind.INCREMENTAL: Cause.CHANGE,
}
Kind = LiveRun.Kind
# The last id of each page but the last, and how many there are.
PLAN = """
SELECT array_agg(id ORDER BY id) FILTER (WHERE number %% %s = 0), count(*)
FROM (SELECT {column} AS id, row_number() OVER (ORDER BY {column}) AS number FROM {table}) AS numbered
"""


class Ref(NamedTuple):
    """What a job names: a page of a run."""

    run_id: UUID
    number: int


def begin(kind: Kind, segments: Iterable[Definition], *, requested_by: str, now: datetime) -> list[Ref] | None:
    """Make a run and return its pages; None when one of its kind is under way, which counts how often that was so."""
    editions = {segment.key: segment.edition for segment in segments}
    try:
        with transaction.atomic():
            run = LiveRun(kind=kind, requested_by=requested_by, segments=editions, started_at=now, heartbeat_at=now)
            bounds, run.n_profiles = _plan(kind) if editions or kind == Kind.INCREMENTAL else ([], 0)
            run.n_pages = len(bounds)
            run.save()
            pages = [LivePage(run=run, number=n, after=a, until=u) for n, (a, u) in enumerate(bounds, 1)]
            LivePage.objects.bulk_create(pages)
            _advance(run, now=now)
    except IntegrityError:
        LiveRun.objects.filter(kind=kind, finished_at=None).update(n_skipped=F("n_skipped") + 1)
        return None
    return [Ref(run.pk, page.number) for page in pages]


def _plan(kind: Kind) -> tuple[list[tuple[UUID, UUID]], int]:
    """Return the bounds of all pages, and the number of profiles; people who come later belong to the last page."""
    model, size = (Touched, TOUCHED_PAGE) if kind == Kind.INCREMENTAL else (Profile, PAGE)
    statement = PLAN.format(table=model._meta.db_table, column=model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(statement, [size])
        ends, n_profiles = cursor.fetchone()
    inner = ends or []
    return list(zip([NIL, *inner], [*inner, LAST], strict=True)), n_profiles


def work(ref: Ref) -> bool:
    """Decide a page for all segments of its run, and tell whether it was there to be claimed.

    Safe to run twice, also at once.
    """
    page = _claim(ref, now=timezone.now())
    if page is None:
        return False
    seen: list[tuple[UUID, datetime]] = []
    people: People = Range(page.after, page.until)
    if page.run.kind == Kind.INCREMENTAL:
        seen = _touched(page)
        people = Those(_living(profile_id for profile_id, _ in seen))
    problems = _decide_all(page, people)
    with transaction.atomic():
        run = _locked(page.run_id)
        now = timezone.now()
        is_over = not problems or page.attempts >= MAX_ATTEMPTS
        # Not where somebody else, who took us for dead, is done with it.
        LivePage.objects.filter(pk=page.pk, done_at=None).update(
            problems=problems, n_seen=_number(people), done_at=now if is_over else None
        )
        if is_over:
            touching.settle(seen)
        run.heartbeat_at = now
        _advance(run, now=now)
    return True


def _claim(ref: Ref, *, now: datetime) -> LivePage | None:
    pages = LivePage.objects.filter(run_id=ref.run_id, number=ref.number)
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)
    if not pages.filter(free, done_at=None).update(claimed_at=now, attempts=F("attempts") + 1):
        return None
    LiveRun.objects.filter(pk=ref.run_id).update(heartbeat_at=now)
    return pages.select_related("run").get()


def _touched(page: LivePage) -> list[tuple[UUID, datetime]]:
    """Read who was touched; whoever comes while the page waited and finds no place is left for the next run."""
    found = Touched.objects.filter(profile_id__gt=page.after, profile_id__lte=page.until).order_by("profile_id")
    return list(found.values_list("profile_id", "touched_at")[: 2 * TOUCHED_PAGE])


def _living(ids: Iterable[UUID]) -> list[UUID]:
    """Return the profiles that touched ones are now: some were merged away."""
    wanted = list(ids)
    survivors = dict(Alias.objects.filter(id__in=wanted).values_list("id", "profile_id"))
    return sorted({survivors.get(each, each) for each in wanted})


def _decide_all(page: LivePage, people: People) -> dict[str, str]:
    """Decide segment after segment, those that others ask about first, and return what went wrong with which."""
    problems: dict[str, str] = {}
    known = definitions.read()
    for key in _keys(known, page.run):
        try:
            known = _decide(page, key, people, known)
        except OperationalError:
            raise  # the database is away or too busy: that is no fault of the segment
        except Exception as error:
            # One segment that cannot be decided must not take the others with it.
            logger.exception("A segment could not be decided", extra={"segment": key, "run": str(page.run_id)})
            problems[key] = f"{type(error).__name__}: {error}"[:500]
        LivePage.objects.filter(pk=page.pk).update(claimed_at=timezone.now())
    return problems


def _keys(known: Definitions, run: LiveRun) -> list[str]:
    return [segment.key for segment in known.segments if segment.key in run.segments]


def _decide(page: LivePage, key: str, people: People, known: Definitions) -> Definitions:
    """Decide one segment, and return the definitions that it was decided by: newer ones, if they changed meanwhile."""
    while True:
        segment = next((each for each in known.segments if each.key == key), None)
        if segment is None:  # switched off or deleted meanwhile
            return known
        try:
            found = iter(deciding.different(segment, people, now=timezone.now()))
            while ids := list(islice(found, LOCKED)):
                _settle(page, segment, ids, known)
        except Outdated:
            known = definitions.read()
        else:
            return known


def _settle(page: LivePage, segment: Definition, ids: Sequence[UUID], known: Definitions) -> None:
    """Settle some people and count them, in one transaction."""
    now, because = timezone.now(), CAUSES[Kind(page.run.kind)]
    with transaction.atomic():
        changes = deciding.settle(segment, ids, known, because=because, now=now)
        LivePage.objects.filter(pk=page.pk).update(
            claimed_at=now, n_entered=F("n_entered") + len(changes.entered), n_left=F("n_left") + len(changes.left)
        )


def _number(people: People) -> int:
    if isinstance(people, Those):
        return len(people.ids)
    assert isinstance(people, Range)
    return Profile.objects.filter(id__gt=people.after, id__lte=people.until).count()


def heal(*, now: datetime) -> list[Ref]:
    """Return the pages that nobody works on though somebody should; set aside those that failed too often."""
    lost: list[Ref] = []
    for run_id in LiveRun.objects.filter(finished_at=None).values_list("pk", flat=True):
        with transaction.atomic():
            run = _locked(run_id)
            waiting = run.pages.filter(done_at=None)
            left = waiting.filter(claimed_at__lt=now - LEASE)
            for page in left.filter(attempts__gte=MAX_ATTEMPTS):
                page.problems, page.done_at = page.problems or {"": DIED}, now
                page.save(update_fields=["problems", "done_at"])
            forgotten = Q(claimed_at__lt=now - LEASE)
            if run.heartbeat_at < now - LEASE:
                forgotten |= Q(claimed_at=None)  # the queue was lost, or there is no worker
                run.heartbeat_at = now
            lost += [Ref(run_id, number) for number in waiting.filter(forgotten).values_list("number", flat=True)]
            _advance(run, now=now)
    return lost


def _locked(run_id: UUID) -> LiveRun:
    return LiveRun.objects.select_for_update(no_key=True).get(pk=run_id)


def _advance(run: LiveRun, *, now: datetime) -> None:
    """Sum up the pages of a run, whose row the caller holds, and end it when all are done."""
    if run.finished_at:
        return
    done = run.pages.aggregate(
        n=Count("pk", filter=Q(done_at__isnull=False)), seen=Sum("n_seen"), entered=Sum("n_entered"), left=Sum("n_left")
    )
    run.n_pages_done = done["n"]
    run.n_seen, run.n_entered, run.n_left = done["seen"] or 0, done["entered"] or 0, done["left"] or 0
    if run.n_pages_done == run.n_pages:
        _finish(run, now=now)
    run.save()


def _finish(run: LiveRun, *, now: datetime) -> None:
    run.finished_at = now
    for page in run.pages.filter(done_at__isnull=False).exclude(problems={}).order_by("number"):
        run.problems |= page.problems
    failed = set(run.segments) if "" in run.problems else run.segments.keys() & run.problems.keys()
    Segment.objects.filter(key__in=failed).update(decided_at=None)
    if run.kind == Kind.INCREMENTAL:
        return
    # Only a build has waited for those who decided by other definitions before, so only it can say that one is decided.
    known = Segment.objects.all() if run.kind == Kind.BUILD else Segment.objects.exclude(decided_at=None)
    for key in run.segments.keys() - failed:
        # One whose definition changed meanwhile was decided by either.
        known.filter(key=key, edition=run.segments[key]).update(
            decided_at=run.started_at, built_at=Coalesce("built_at", now)
        )
    is_for_all = run.kind == Kind.FULL
    sizes.count(Segment.objects.values_list("key", flat=True) if is_for_all else run.segments, now=now)
    LiveRun.objects.filter(finished_at__lt=now - KEPT).delete()
