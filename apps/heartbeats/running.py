"""Runs of heartbeats: who is due, page by page, and what became of it.

A run looks at everybody who has been silent for long enough, in the order of their last activity, and asks the ledger:
however long nobody ran it, nothing falls out of any window. As of those who were looked at by a whole run there is
nothing new to tell, the next one goes on behind them (`seen_until`); once an hour, and whenever somebody runs it by
hand, one begins with the first again: for those who came into the scope since, whose merge was undone, or of whom
something was a dead letter until now.

A lease only spares work: two processes that run a heartbeat at the same time take turns, see telling.py.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import OperationalError, transaction
from django.utils import timezone

from apps.core import claims, metrics
from apps.core.claims import Lease
from apps.core.mistakes import DefinitionError
from apps.heartbeats import clock, definitions, telling
from apps.heartbeats.models import Heartbeat, HeartbeatRun
from apps.heartbeats.silent import Look, Place
from apps.heartbeats.telling import Busy

logger = logging.getLogger(__name__)
THROUGH_EVERY: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=30)
_COUNTED: Final = ("n_seen", "n_due", "n_said", "n_suppressed", "is_complete", "after_hour", "after_id")
_FOREVER: Final = float("inf")


class AlreadyRunning(Exception):
    """Somebody else runs the heartbeat just now."""


class SwitchedOff(Exception):
    """The heartbeat is off."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to, or its slice."""

    heartbeat: str
    n_said: int
    n_suppressed: int
    is_over: bool
    is_complete: bool
    error: str = ""


def run_due(*, now: datetime, secs: float = _FOREVER) -> list[Outcome]:
    """Run the heartbeats that are due, those that wait longest first, for so long; say what came of each.

    What is not finished then goes on with the next call. Safe to run twice, also at once.
    """
    deadline = time.monotonic() + secs
    found = []
    while time.monotonic() < deadline:
        leases = claims.claim(Heartbeat, 1, now=now)
        if not leases:
            break
        outcome = _carry_on(leases[0], now=now, deadline=deadline)
        found += [outcome] if outcome else []
    return found


def request(row: Heartbeat, *, by: str, now: datetime) -> None:
    """Let a heartbeat be due at once; a worker begins with the first of all. Raises SwitchedOff and AlreadyRunning."""
    with transaction.atomic():
        found = Heartbeat.objects.select_for_update(no_key=True).get(pk=row.pk)
        if not found.is_enabled:
            raise SwitchedOff
        if found.attempts and found.due_at and found.due_at > now:
            raise AlreadyRunning
        found.due_at, found.requested_by = now, by
        found.save(update_fields=["due_at", "requested_by"])


def run(row: Heartbeat, *, by: str, now: datetime) -> Outcome:
    """Run a heartbeat at once, to its end. Raises SwitchedOff and AlreadyRunning."""
    request(row, by=by, now=now)
    return run_requested(row, now=now)


def run_requested(row: Heartbeat, *, now: datetime) -> Outcome:
    """Run what was requested, to its end. Raises AlreadyRunning when somebody else was quicker."""
    outcomes = [
        _carry_on(lease, now=now, deadline=_FOREVER) for lease in claims.claim(Heartbeat, 1, now=now, id=row.pk)
    ]
    if not outcomes or outcomes[0] is None:
        raise AlreadyRunning
    return outcomes[0]


def run_on_the_spot(heartbeat: Heartbeat, *, now: datetime) -> Outcome:
    """Run what `definitions.on_the_spot` made, which is in no table. Raises AlreadyRunning, and DefinitionError."""
    stored_until = clock.read().stored_until
    said = suppressed = 0
    is_complete, after, size = True, None, definitions.strategy_of(heartbeat).page
    while True:
        look = Look(heartbeat, stored_until - heartbeat.wait_period, first_since(heartbeat, now=now), after, size)
        try:
            with transaction.atomic():
                told = telling.tell(look, most=heartbeat.max_per_run - said, stored_until=stored_until, now=now)
        except Busy:
            raise AlreadyRunning from None
        metrics.add(metrics.HEARTBEAT_EVENTS, heartbeat.strategy, number=told.n_said)
        said, suppressed = said + told.n_said, suppressed + told.n_suppressed
        is_complete, after = is_complete and told.is_complete, told.after
        if after is None or said >= heartbeat.max_per_run:
            metrics.add(metrics.HEARTBEAT_RUNS, heartbeat.strategy, "done")
            return Outcome(heartbeat.name, said, suppressed, is_over=True, is_complete=is_complete)


def _carry_on(lease: Lease, *, now: datetime, deadline: float) -> Outcome | None:
    """Go on with a heartbeat that is ours, to its end or the deadline; None where it no longer is, or others tell."""
    begun = _begin(lease)
    if begun is None:
        return None
    row, run = begun
    is_over, error = False, ""
    try:
        while not (is_over := _page(row, run)) and time.monotonic() < deadline:
            if not claims.renew(Heartbeat, [lease], now=timezone.now()):
                return None
    except Busy:
        return None  # it is due again when our lease has run out
    except OperationalError:
        raise  # the database is away or too busy: that is no fault of the heartbeat
    except Exception as problem:
        # One that cannot be run must not take the others with it.
        logger.exception("A heartbeat could not be run", extra={"heartbeat": str(row.pk)})
        is_over, run.is_complete = True, False
        error = problem.message if isinstance(problem, DefinitionError) else f"{type(problem).__name__}: {problem}"
    _end(lease, run, is_over=is_over, error=error[:500], now=max(now, timezone.now()))
    if is_over:
        metrics.add(metrics.HEARTBEAT_RUNS, row.strategy, "failed" if error else "done")
    return Outcome(row.name, run.n_said, run.n_suppressed, is_over, is_over and run.is_complete, error)


def _begin(lease: Lease) -> tuple[Heartbeat, HeartbeatRun] | None:
    """Go on with the run that is open, or begin one by the clock of now; None if the lease is no longer ours."""
    with transaction.atomic():
        rows = claims.held(Heartbeat, [lease])
        if not rows:
            return None
        [row] = rows
        run = row.runs.filter(finished_at=None).first()
        if run is None:
            read = clock.read()
            run = row.runs.create(
                trigger=HeartbeatRun.Trigger.HAND if row.requested_by else HeartbeatRun.Trigger.CRON,
                requested_by=row.requested_by,
                started_at=read.now,
                clock=read.stored_until,
                lag_secs=read.lag_secs,
                since=_since(row, now=read.now),
                is_complete=True,
            )
            Heartbeat.objects.filter(pk=row.pk).update(requested_by="")
    return row, run


def first_since(row: Heartbeat, *, now: datetime) -> datetime | None:
    """Say since when whoever was last active may be told of: silences that ripened earlier are not; None: everybody.

    One that is off is taken as if it was switched on now.
    """
    if row.first_run == Heartbeat.FirstRun.ALL:
        return None
    return (row.counted_from or now) - row.wait_period


def _since(row: Heartbeat, *, now: datetime) -> datetime | None:
    """Say behind whom a run begins: behind those of whom the last one knew all, or now and then with the first."""
    first = first_since(row, now=now)
    is_through = row.seen_through_at is not None and row.seen_through_at > now - THROUGH_EVERY
    if row.requested_by or row.seen_until is None or not is_through:
        return first
    return max(first or row.seen_until, row.seen_until)


def _page(row: Heartbeat, run: HeartbeatRun) -> bool:
    """Tell of a page, note it in the run, in one transaction, and tell whether it was the last one."""
    if run.n_said >= row.max_per_run:  # somebody lowered that since the last slice
        run.is_complete = False
        return True
    after = Place(run.after_hour, run.after_id) if run.after_hour and run.after_id else None
    look = Look(row, run.clock - row.wait_period, run.since, after, definitions.strategy_of(row).page)
    with transaction.atomic():
        most = row.max_per_run - run.n_said
        told = telling.tell(look, most=most, stored_until=run.clock, now=timezone.now(), run=run.pk)
        run.n_seen += told.n_seen
        run.n_said += told.n_said
        run.n_suppressed += told.n_suppressed
        is_last = told.after is None or run.n_said >= row.max_per_run
        run.n_due += told.n_due + (told.n_left if is_last else 0)  # otherwise the next page has them
        run.is_complete = run.is_complete and told.is_complete and not (is_last and told.after)
        if told.after:
            run.after_hour, run.after_id = told.after
        run.save(update_fields=_COUNTED)
    metrics.add(metrics.HEARTBEAT_EVENTS, row.strategy, number=told.n_said)
    return is_last


def _end(lease: Lease, run: HeartbeatRun, *, is_over: bool, error: str, now: datetime) -> None:
    """Note that a run is over, or that its next slice is due."""
    with transaction.atomic():
        rows = claims.held(Heartbeat, [lease])
        if not rows:
            return
        [row] = rows
        if not is_over:
            row.postpone(now)
            claims.write(rows)
            return
        run.finished_at, run.error = now, error
        run.save(update_fields=["finished_at", "error", "is_complete"])
        if run.is_complete:
            row.seen_until = max(filter(None, (row.seen_until, run.clock - row.wait_period)))
            if run.since == first_since(row, now=now):
                row.seen_through_at = run.started_at
        next_at = definitions.next_run(row, after=now)
        if next_at:
            row.postpone(next_at)
        else:
            row.end()
        row.error = error
        claims.write(rows, "seen_until", "seen_through_at")
        row.runs.filter(finished_at__lt=now - KEPT).delete()
