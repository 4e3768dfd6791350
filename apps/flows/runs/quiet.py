"""People who wait in quiet hours are looked at again once these have changed: who may be written to now is."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.core.fetch import fetch
from apps.core.ids import NIL
from apps.core.jobs import start_task
from apps.core.models import Task
from apps.core.tasks import Step
from apps.core.upsert import update
from apps.flows.contacting.contacts import REFRESH_SECS
from apps.flows.contacting.writing import QUIET
from apps.flows.models import Run

TASK: Final = "flow-quiet-hours"
PAGE: Final = 1_000
LONGEST: Final = timedelta(days=8)  # that quiet hours last: they go by the week
SOON: Final = timedelta(seconds=2 * REFRESH_SECS)  # by then every worker knows the new ones
# In the order in which they go on: whoever waits for longer than quiet hours last waits for something else.
_PAGE: Final = f"""
SELECT id, due_at, state @? '$.tokens[*].wait ? (@.kept == "{QUIET}")' FROM flows_run
WHERE (due_at, id) > (%s, %s) AND due_at < %s ORDER BY due_at, id LIMIT %s
"""  # noqa: S608 - a text of ours


def look_again(*, requested_by: str) -> Task:
    """Start to let people be asked about again who wait in quiet hours; in the transaction that changes these."""
    return start_task(TASK, params={}, requested_by=requested_by)


def step(task: Task) -> Step:
    """See to a page of those who go on in the next days: their nodes ask once more whether they may write."""
    now = datetime.now(UTC)
    after = task.position.get("after") or [(now + SOON).isoformat(), str(NIL)]
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, [*after, task.created_at + LONGEST, PAGE])
        page = cursor.fetchall()
    n_waiting = _ask([id for id, _, is_waiting in page if is_waiting], at=now + SOON)
    log = [f"{n_waiting:,} people who wait in quiet hours are looked at again."] if n_waiting else []
    if len(page) < PAGE:
        return Step(len(page), is_last=True, position=task.position, log=log)
    id, due_at, _ = page[-1]
    return Step(len(page), is_last=False, position={"after": [due_at.isoformat(), str(id)]}, log=log)


def _ask(ids: list[UUID], *, at: datetime) -> int:
    rows = [run for run in fetch(Run, ids, locks=True).values() if run.due_at and run.due_at > at]
    for run in rows:
        for wait in _in_quiet_hours(run):
            wait["until"] = (at - run.behind).isoformat()
        run.due_at = at
    update(Run, rows, ["state", "due_at"])
    return len(rows)


def _in_quiet_hours(run: Run) -> list[dict[str, Any]]:
    pauses = [token.get("wait") or {} for token in run.state.get("tokens", ())]
    return [wait for wait in pauses if wait.get("kept") == QUIET]
