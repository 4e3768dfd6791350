"""Flows that are paused: nobody goes on, and what becomes of their people when they may again."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core.fetch import fetch
from apps.core.ids import NIL
from apps.core.jobs import start_task
from apps.core.models import Task
from apps.core.tasks import Step
from apps.core.upsert import update
from apps.flows.models import Flow, Run
from apps.flows.runs import ending_counts, leaving

TASK: Final = "flow-resume"
PAGE: Final = 1_000
BY_HAND: Final = "by_hand"  # of what a token waits for: somebody has let it go on, and the engine has not looked yet
DROPPED: Final = "The flow was paused when it was to go on."


class Policy(StrEnum):
    """What becomes of people whose flow goes on after a pause."""

    # Whom somebody has let go on by hand meanwhile goes on at once, whatever the policy.
    NOW = "now"  # what was to happen meanwhile happens now; all else at its time
    SHIFT = "shift"  # their clocks stood still: all happens later, by as long as the pause was, but for dates
    DROP = "drop"  # who was to go on meanwhile is out; the others go on at their time


class CannotResume(Exception):
    """A flow cannot go on; the text says why."""


# A worker that is inside of a run writes it first, and holds it the next time: it asks how the flow is.
_PAGE: Final = f"""
SELECT id, coalesce(held_due_at, due_at) FROM flows_run
WHERE flow_id = %s AND id > %s AND status = {Run.Status.LIVE:d} ORDER BY id LIMIT %s FOR NO KEY UPDATE
"""  # noqa: S608 - a number of ours
_SHIFT: Final = """
UPDATE flows_run SET behind = behind + %(pause)s, due_at = due_at + %(pause)s, held_due_at = held_due_at + %(pause)s
WHERE id = ANY(%(ids)s)
"""
_SHIFT_GOALS: Final = """
UPDATE flows_wait SET expires_at = expires_at + %(pause)s WHERE run_id = ANY(%(ids)s) AND expires_at IS NOT NULL
"""
_BY_HAND: Final = "SELECT id FROM flows_run WHERE id = ANY(%s) AND state @? '$.tokens[*].wait.by_hand' ORDER BY id"
_DATED: Final = "SELECT id FROM flows_run WHERE id = ANY(%s) AND state @? '$.tokens[*].wait.dated' ORDER BY id"
# With the time at which they were due: those that are late by much are let through bit by bit, where a flow says so.
_RELEASE: Final = """
UPDATE flows_run SET due_at = held_due_at, held_due_at = NULL WHERE id IN (
    SELECT run.id FROM flows_run AS run JOIN flows_flow AS flow ON flow.id = flow_id
    WHERE held_due_at IS NOT NULL AND flow.state <> 'paused' AND (flow.id = %(flow)s OR %(flow)s IS NULL)
    ORDER BY run.id LIMIT %(most)s FOR NO KEY UPDATE OF run
)
"""


def pause(flow: Flow, *, now: datetime, because: str = "") -> None:
    """Let nobody enter a flow, and nobody in it go on, from now on; its people keep what they wait for.

    One that is off is off again once it goes on.

    `because` is why the platform does so, of which alerts tell; empty where somebody does.
    """
    flow.is_on_after_pause = flow.state == Flow.State.ON
    flow.state, flow.paused_at, flow.paused_because = Flow.State.PAUSED, now, because
    flow.save(update_fields=["state", "paused_at", "paused_because", "is_on_after_pause", "updated_at"])


def resume(flow: Flow, *, policy: Policy, requested_by: str, now: datetime) -> Task:
    """Start to let a flow go on that is paused: first its people are seen to, page by page.

    Then it is on, or off, as it was before.

    Raises CannotResume for one that is not paused, or about to go on already.
    """
    with transaction.atomic():
        row = Flow.objects.select_for_update(no_key=True).get(pk=flow.pk)
        if row.state != Flow.State.PAUSED or row.paused_at is None:
            raise CannotResume(f"The flow {row} is not paused.")
        if _resuming(row).exists():
            raise CannotResume(f"The flow {row} is about to go on already.")
        pause_secs = (now - row.paused_at).total_seconds()
        params = {"flow": str(row.pk), "policy": policy.value, "pause_secs": pause_secs, "until": now.isoformat()}
        return start_task(TASK, params=params, requested_by=requested_by)


def is_resuming(flow: Flow) -> bool:
    """Tell whether a flow is about to go on: it is paused until everybody inside was seen to."""
    return flow.state == Flow.State.PAUSED and _resuming(flow).exists()


def step(task: Task) -> Step:
    """See to a page of people, as the policy says; after the last one the flow goes on, and those who wait in it."""
    flow_id, position = UUID(task.params["flow"]), task.position
    if position.get("goes_on"):
        n_released = release(flow_id)
        return Step(n_released, is_last=n_released < PAGE, position=position)
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, [flow_id, position.get("after") or NIL, PAGE])
        page = cursor.fetchall()
    n_dropped = _see_to(page, task.params)
    if len(page) == PAGE:
        return Step(len(page), is_last=False, position={"after": str(page[-1][0])})
    for flow in Flow.objects.filter(pk=flow_id, state=Flow.State.PAUSED):
        state = Flow.State.ON if flow.is_on_after_pause else Flow.State.OFF
        Flow.objects.filter(pk=flow_id).update(
            state=state, paused_at=None, paused_because="", failures_since=datetime.now(UTC)
        )
    return Step(len(page), is_last=False, position={"goes_on": True}, log=["The flow goes on.", *_told(n_dropped)])


def _resuming(flow: Flow) -> QuerySet[Task]:
    return Task.objects.unfinished().filter(kind=TASK, params__flow=str(flow.pk))


def _told(n_dropped: int) -> list[str]:
    return [f"{n_dropped} people of the last page are out."] if n_dropped else []


def _see_to(page: list[tuple[UUID, datetime | None]], params: dict[str, Any]) -> int:
    until = datetime.fromisoformat(params["until"])
    if params["policy"] == Policy.SHIFT:
        pause, ids = timedelta(seconds=params["pause_secs"]), [id for id, _ in page]
        shifted: dict[str, Any] = {"pause": pause, "ids": ids}
        with connection.cursor() as cursor:
            cursor.execute(_SHIFT, shifted)
            cursor.execute(_SHIFT_GOALS, shifted)
            cursor.execute(_DATED, [ids])
            _keep_dates([id for (id,) in cursor.fetchall()], pause)
        _let_go(_by_hand(ids), now=until)
    if params["policy"] == Policy.DROP:
        overdue = {id for id, due_at in page if due_at and due_at <= until}
        overdue -= set(_by_hand(overdue))
        return len(leaving.end(overdue, Run.Status.REMOVED, DROPPED, now=until))
    return 0


def _by_hand(ids: Collection[UUID]) -> list[UUID]:
    """Return those whom somebody has let go on while nobody could."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, [list(ids)])
        return [id for (id,) in cursor.fetchall()]


def _let_go(ids: Sequence[UUID], *, now: datetime) -> None:
    """Let people go on at once all the same, whose clocks stood still like those of the others."""
    rows = list(fetch(Run, ids, locks=True).values())
    for run in rows:
        for wait in (token["wait"] for token in run.state["tokens"] if (token.get("wait") or {}).get(BY_HAND)):
            if wait["until"]:
                wait["until"] = min(wait["until"], (now - run.behind).isoformat(), key=datetime.fromisoformat)
    update(Run, rows, ["state"])
    leaving.make_due(ids, now=now)


def _keep_dates(ids: Sequence[UUID], pause: timedelta) -> None:
    """Let those who wait for a moment of the calendar go on at that moment all the same."""
    rows = list(fetch(Run, ids, locks=True).values())
    for run in rows:
        moments = [run.held_due_at or run.due_at]
        for wait in (token["wait"] for token in run.state["tokens"] if (token.get("wait") or {}).get("dated")):
            until = datetime.fromisoformat(wait["until"]) - pause
            wait["until"] = until.isoformat()
            moments.append(until + run.behind)
        earliest = min(filter(None, moments))
        run.due_at, run.held_due_at = (None, earliest) if run.held_due_at else (earliest, None)
    update(Run, rows, ["state", "due_at", "held_due_at"])


def pause_failing(*, now: datetime) -> list[str]:
    """Pause the flows of whose runs too many fail, and return their names."""
    found = {each.flow_id: each for each in ending_counts.failing(now=now)}
    paused = []
    for flow in Flow.objects.filter(pk__in=found, state=Flow.State.ON):
        pause(flow, because=found[flow.pk].reason, now=now)
        paused.append(flow.name)
    return paused


def release(flow_id: UUID | None = None) -> int:
    """Let runs go on that were held while their flow was paused, and is not any more; a page, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"flow": flow_id, "most": PAGE})
        return int(cursor.rowcount)
