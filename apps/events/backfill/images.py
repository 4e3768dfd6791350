"""What was before a run is kept, field by field and event by event, so that the run can be undone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Model, QuerySet

from apps.core import storable
from apps.core.ids import NIL
from apps.core.models import Task
from apps.core.paths import MISSING
from apps.events.backfill.again import Change
from apps.events.backfill.selection import PROFILES
from apps.events.models import BackfilledEvent, BackfilledField, BackfillPerson

# Of a field that a run changes twice, what it held at first is kept.
_KEEP = """
INSERT INTO events_backfilledfield (task_id, profile_id, path, before, after, said_before, said_after)
SELECT %s, row.* FROM jsonb_to_recordset(%s::jsonb) AS row (
    profile_id uuid, path text, before jsonb, after jsonb, said_before jsonb, said_after jsonb
) ON CONFLICT (task_id, profile_id, path) DO UPDATE SET after = EXCLUDED.after, said_after = EXCLUDED.said_after
"""
_PAGE: Final = 10_000


def keep(task_id: UUID, changes: Mapping[UUID, Sequence[Change]]) -> None:
    """Keep what people's fields held before a page of a run; {profile id: its changes}, in one statement."""
    rows = [
        {
            "profile_id": profile_id,
            "path": each.path,
            "before": wrapped(each.before),
            "after": wrapped(each.after),
            "said_before": each.said_before,
            "said_after": each.said_after,
        }
        for profile_id, found in sorted(changes.items())
        for each in found
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [task_id, storable.dumps(rows)])


def touched(task_id: UUID, raw_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Name the fields that a run has changed so far, by the ids that their people had then."""
    found: dict[UUID, set[str]] = {}
    rows = BackfilledField.objects.filter(task_id=task_id, profile_id__in=raw_ids).values_list("profile_id", "path")
    for profile_id, path in rows:
        found.setdefault(profile_id, set()).add(path)
    return found


def wrapped(value: Any) -> list[Any]:
    """Write a value so that null and nothing are told apart."""
    return [] if value is MISSING else [value]


def unwrapped(held: list[Any]) -> Any:
    """Read what `wrapped` wrote."""
    return held[0] if held else MISSING


def count(run: Task) -> int:
    """Count what of a run can be undone."""
    return _of(run).count()


def is_any(run: Task) -> bool:
    """Tell whether anything of a run can be undone."""
    return _of(run).exists()


def expire(*, now: datetime) -> int:
    """Delete what runs kept that ended too long ago to be undone, and return the number of rows; safe to run twice.

    Whom a run listed and did not reach is forgotten once the run is over for good: one that failed may be tried again.
    """
    over = Task.objects.filter(state__in=(Task.State.DONE, Task.State.CANCELLED))
    old = Task.objects.filter(finished_at__lt=now - timedelta(days=settings.BACKFILL_UNDO_DAYS))
    expired = ((BackfilledField, old), (BackfilledEvent, old), (BackfillPerson, over))
    n_deleted = 0
    for table, ended in expired:
        for task_id in _tasks_in(table):
            if ended.filter(pk=task_id).exists() or not Task.objects.filter(pk=task_id).exists():
                n_deleted += _delete_all(table, task_id)
    return n_deleted


def _of(run: Task) -> QuerySet[Any]:
    table = BackfilledField if run.kind == PROFILES else BackfilledEvent
    return table._default_manager.filter(task_id=run.pk)


def _tasks_in(table: type[Model]) -> Iterator[UUID]:
    """Yield the tasks of which a table has rows, each found by its index: rows are not read."""
    after: UUID | None = NIL
    while after:
        rows = table._default_manager.filter(task_id__gt=after).order_by("task_id")
        after = rows.values_list("task_id", flat=True).first()
        if after:
            yield after


def _delete_all(table: type[Model], task_id: UUID) -> int:
    n_deleted, n_page = 0, _PAGE
    while n_page == _PAGE:
        page = table._default_manager.filter(task_id=task_id).values_list("pk", flat=True)[:_PAGE]
        n_page, _ = table._default_manager.filter(pk__in=list(page)).delete()
        n_deleted += n_page
    return n_deleted
