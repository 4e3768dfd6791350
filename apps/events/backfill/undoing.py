"""A run is undone: what it changed, and nobody changed since, is again as it was; the rest stays, and is counted.

It is a task, too. What it has gone through leaves the tables of what was before, so that it may go on after a crash.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.core import paths
from apps.core.models import Task
from apps.core.paths import MISSING
from apps.core.tasks import Step
from apps.core.upsert import update
from apps.events.backfill import holds, images
from apps.events.backfill.again import COLUMNS
from apps.events.backfill.selection import PROFILES, TRAITS, CannotBackfill, Selection
from apps.events.event_types import copying
from apps.events.models import BackfilledField
from apps.profiles import dirty, ledger, merging
from apps.profiles.models import Profile
from apps.profiles.provenance import Entry, complete

PEOPLE: Final = 200  # of a page
EVENTS: Final = 2_000
_RESTORE = """
WITH kept AS (
    DELETE FROM events_backfilledevent WHERE id IN (
        SELECT id FROM events_backfilledevent WHERE task_id = %(run)s ORDER BY event_id LIMIT %(size)s
    ) RETURNING event_id, time, before, after_hash
), restored AS (
    UPDATE events_event AS event SET traits = kept.before FROM kept
    WHERE event.id = kept.event_id AND event.time = kept.time
    AND jsonb_hash_extended(event.traits, 0) = kept.after_hash
    RETURNING event.profile_id
) SELECT (SELECT count(*) FROM kept), coalesce(array_agg(profile_id), '{}') FROM restored
"""


def run_of(run_id: UUID) -> Task:
    """Return a run that can be undone. Raises CannotBackfill."""
    run = Task.objects.filter(pk=run_id, kind__in=(PROFILES, TRAITS)).first()
    if run is None:
        raise CannotBackfill("There is no such run.")
    if run.state in Task.UNFINISHED:
        raise CannotBackfill("The run has not ended yet: cancel it first.")
    if not images.is_any(run):
        raise CannotBackfill("Nothing of the run can be undone: it changed nothing, was undone, or is too long ago.")
    return run


def holds_of(run: Task) -> tuple[str, ...]:
    """Return what no other back-fill may work on while a run is undone."""
    return Selection.of(run.kind, run.params).holds


def step(task: Task) -> Step:
    """Undo one page of a run."""
    run = Task.objects.get(pk=task.params["run"])
    holds.hold(task, holds_of(run))
    total = images.count(run) if task.total is None else None
    n_done, n_restored, is_last = _undo_events(run) if run.kind == TRAITS else _undo_fields(run)
    n_restored += task.position.get("n_restored", 0)
    n_left = task.progress + n_done - n_restored
    if is_last:
        holds.release(task.pk)
    told = f"{n_restored:,} values are as they were; {n_left:,} were changed since, and stay"
    log = [f"{told}."] if is_last else []
    return Step(n_done, is_last=is_last, position={"n_restored": n_restored}, total=total, message=told, log=log)


def _undo_events(run: Task) -> tuple[int, int, bool]:
    with connection.cursor() as cursor:
        cursor.execute(_RESTORE, {"run": run.pk, "size": EVENTS})
        n_done, restored = cursor.fetchone()
    dirty.mark(profile_id for profile_id in restored if profile_id)
    return n_done, len(restored), n_done < EVENTS


def _undo_fields(run: Task) -> tuple[int, int, bool]:
    rows = BackfilledField.objects.filter(task_id=run.pk)
    ids = list(rows.order_by("profile_id").values_list("profile_id", flat=True).distinct()[:PEOPLE])
    try:
        held = ledger.locked(ids)
    except ledger.Moved:  # they are being merged just now
        return 0, 0, False
    # All that the run changed of these people, also under ids that were theirs before they were merged.
    owners = ledger.owners({profile.id for profile in held.values()})
    found = list(rows.filter(profile_id__in={*ids, *owners}))
    by_person: dict[UUID, list[BackfilledField]] = {}
    for row in found:
        if row.profile_id in owners:
            by_person.setdefault(owners[row.profile_id], []).append(row)
    profiles = {profile.id: profile for profile in held.values()}
    n_restored, changed = 0, []
    for living, own in by_person.items():
        n_own = _restore(profiles[living], own, run)
        n_restored += n_own
        if n_own:
            profiles[living].summarise()
            profiles[living].updated_at = profiles[living].later(timezone.now())
            changed.append(profiles[living])
    update(Profile, changed, COLUMNS)
    dirty.mark(profile.id for profile in changed)
    rows.filter(pk__in=[row.pk for row in found]).delete()
    return len(found), n_restored, len(ids) < PEOPLE


def _restore(profile: Profile, rows: Iterable[BackfilledField], run: Task) -> int:
    """Put fields back in memory, and return of how many images the value still stood."""
    by_path: dict[str, list[BackfilledField]] = {}
    for row in rows:
        by_path.setdefault(row.path, []).append(row)
    document = profile.document
    n_restored = 0
    for name, own in sorted(by_path.items(), key=lambda each: each[0] == copying.ANONYMOUS):  # what follows comes last
        path = paths.parse(name)
        now = images.wrapped(paths.get(document, path)), complete(profile.provenance.get(name, []))
        standing = [row for row in own if (row.after, complete(row.said_after)) == now]
        if standing and not (name == copying.ANONYMOUS and copying.is_reachable(document)):
            _put(profile, document, path, *_before(profile, name, own, run))
            n_restored += len(own)
    profile.primary_id = document["primary_id"]
    return n_restored


def _before(profile: Profile, name: str, rows: Iterable[BackfilledField], run: Task) -> tuple[Any, Entry]:
    """Return what a field held before the run, and who had said so; of a person who was merged since, the latest."""
    found = [(images.unwrapped(row.before), row.said_before) for row in rows]
    of_run = [complete(row.said_after) for row in rows]
    held = {row.profile_id for row in rows}
    found += [(value, said) for value, said in _merged(profile, name, run, held) if complete(said) not in of_run]
    return max(found, key=lambda each: (complete(each[1]), each[0] is not MISSING))


def _merged(profile: Profile, name: str, run: Task, held: set[UUID]) -> Iterator[tuple[Any, Entry]]:
    """Yield what the field held in those who were merged since the run began, and whom it did not change."""
    path = paths.parse(name)
    for merge in ledger.merges_of(profile.id):
        if merge.at < run.created_at:
            continue
        for raw_id, image in ((merge.kept_id, merge.kept_before), (merge.merged_id, merge.merged_before)):
            if raw_id not in held:
                value = paths.get(merging.profile_of(image).document, path)
                if value is not MISSING:
                    yield value, image["provenance"].get(name, [])


def _put(profile: Profile, document: dict[str, Any], path: paths.Path, value: Any, said: Entry) -> None:
    if value is not MISSING:
        paths.put(document, path, value)
    elif len(path) > 1:
        paths.delete(document, path)
    else:
        document[path[0]] = None
    name = paths.join(path)
    if said:
        profile.provenance[name] = said
    else:
        profile.provenance.pop(name, None)
