"""What takes runs away by the thousand: a version that everybody is to leave, and a flow that is deleted."""

import time
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.core.jobs import start_task
from apps.core.models import Task
from apps.core.tasks import Step
from apps.flows.changing import publishing
from apps.flows.changing.needs import flows_that_need
from apps.flows.changing.publishing import DELETE, NotNow
from apps.flows.definition.named import FLOW
from apps.flows.models import Assignment, Flow, LastValue, Run, Wait
from apps.flows.models import Step as RunStep
from apps.flows.runs import leaving

PAGE: Final = 1_000
LEFT: Final = "Another version was published, and everybody inside was to leave."
DELETED: Final = "The flow was deleted."
SETTLES: Final = timedelta(seconds=3)  # until every process knows that nobody enters any more
_INSIDE: Final = f"""
SELECT id FROM flows_run WHERE flow_id = %s AND status = {Run.Status.LIVE:d} AND version_id <> %s ORDER BY id LIMIT %s
"""  # noqa: S608 - a number of ours
_PAGE_OF: Final = "SELECT id FROM flows_run WHERE flow_id = %s ORDER BY id LIMIT %s"


def leave(task: Task) -> Step:
    """End the runs of a page of those who are in an older version; what counts as their goal may still come."""
    found = _ids(_INSIDE, [task.params["flow_id"], task.params["but"], PAGE])
    leaving.end(found, Run.Status.EDITED, LEFT, now=timezone.now())
    return Step(len(found), is_last=len(found) < PAGE, message=f"{task.progress + len(found):,} runs were ended")


def start(flow_id: UUID, *, by: str) -> Task:
    """Let a flow be deleted with all its runs; nobody enters it from now on. Who calls puts it on record.

    Raises NotNow, also while others call it.
    """
    with transaction.atomic():
        row = publishing.locked(flow_id)
        publishing.refuse_while_deleted(row)
        names = flows_that_need(FLOW, row.key)
        if names:
            raise NotNow(f"Other flows start it: {', '.join(names)}.")
        row.state, row.version = Flow.State.OFF, None
        row.save(update_fields=["state", "version", "updated_at"])
        return start_task(DELETE, params={"flow": row.name, "flow_id": str(row.pk)}, requested_by=by)


def delete(task: Task) -> Step:
    """Delete a page of the runs of a flow, with all that belongs to them; after the last one the flow itself."""
    time.sleep(max(0.0, (task.created_at + SETTLES - timezone.now()).total_seconds()))
    with transaction.atomic():
        ids = _ids(_PAGE_OF, [task.params["flow_id"], PAGE])
        leaving.end(ids, Run.Status.REMOVED, DELETED, now=timezone.now())  # with what was about to be sent
        for model in (Wait, RunStep):
            model.objects.filter(run_id__in=ids)._raw_delete("default")
        Run.objects.filter(pk__in=ids)._raw_delete("default")
        if len(ids) == PAGE:
            return Step(len(ids), is_last=False, message=f"{task.progress + len(ids):,} runs were deleted")
        if any(_forget_some(model, task.params["flow_id"]) for model in (Assignment, LastValue)):
            return Step(len(ids), is_last=False)
        Flow.objects.filter(pk=task.params["flow_id"]).delete()
    return Step(len(ids), is_last=True, message=f"{task.progress + len(ids):,} runs were deleted, and the flow")


def _forget_some(model: type[Assignment] | type[LastValue], flow_id: str) -> bool:
    """Delete a page of what is kept about people in a flow, and say whether there may be more."""
    rows = model._default_manager.filter(flow_id=flow_id)
    page = rows.order_by("pk").values_list("pk", flat=True)[: 10 * PAGE]
    return bool(rows.filter(pk__in=page)._raw_delete("default") == 10 * PAGE)


def _ids(statement: str, values: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [id for (id,) in cursor.fetchall()]
