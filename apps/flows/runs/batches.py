"""Runs that are due go on: by the hundred, in one transaction; one that cannot go on holds nobody else up."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from apps.core import claims
from apps.core.claims import Lease
from apps.flows.engine import state
from apps.flows.models import Run
from apps.flows.runs import goals, loading, missed, recording, walking
from apps.flows.runs.answers import allowances
from apps.flows.runs.loading import Batch
from apps.flows.runs.recording import Result
from apps.flows.runs.walking import Pace, Traveller

logger = logging.getLogger(__name__)
SIZE: Final = 500
TRIES: Final = 3  # of a batch that waits for another one in a circle
LATE: Final = timedelta(minutes=1)
DELETED: Final = "The flow was deleted."
BROKEN: Final = "The version of the flow cannot be compiled: the log has why."


def go_on(*, now: datetime) -> int:
    """Let runs that are due go on, a batch of them, and return how many there were.

    While there is a backlog, those that are in time go first, as many again: they do not wait for what is late.

    Raises OperationalError and InterfaceError when the database is away: what was leased is due again after a while.
    """
    leases, timely = claims.claim(Run, SIZE, now=now), list[Lease]()
    if len(leases) == SIZE and all(lease.due_at and lease.due_at < now - LATE for lease in leases):
        timely = claims.claim(Run, SIZE, now=now, since=now - LATE)
    for each in filter(None, (timely, leases)):
        _advance(each, now=now)
    return len(timely) + len(leases)


def _advance(leases: Sequence[Lease], *, now: datetime) -> None:
    """Advance all together, or, where that fails, each by itself."""
    try:
        _try(leases, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(leases) == 1:
            _put_back(leases[0], error, now=now)
            return
        logger.exception("A batch of runs fails: each is tried by itself", extra={"runs": len(leases)})
        for lease in leases:
            _advance([lease], now=now)


def _try(leases: Sequence[Lease], *, now: datetime) -> None:
    for n_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                advance(leases, now=now)
        except OperationalError as error:
            # A deadlock, of which PostgreSQL ends one side; all else says that it is away.
            if getattr(error.__cause__, "sqlstate", "") != "40P01" or not n_left:
                raise
        else:
            return


def advance(leases: Sequence[Lease], *, now: datetime) -> None:
    """Advance leased runs, in the caller's transaction."""
    batch = loading.load(leases, now=now)
    result = Result(batch)
    going = _going(batch, result)
    batch.missed = missed.events([(each.run, each.compiled) for each in going], now=now)
    walked = walking.walk(batch, going, Pace())
    result.outcomes += walked
    result.others += _not_reached(batch, going, {run.id for run, _ in walked})
    recording.write(result)


def _going(batch: Batch, result: Result) -> list[Traveller]:
    """Return the runs that can go on now, each with its version and its person; the others are settled."""
    going: list[Traveller] = []
    late: dict[str, list[Run]] = {}
    for run in batch.runs:
        subject, standing = batch.subject(run), batch.standings.get(run.version_id)
        compiled = batch.version(run)
        if standing is None:
            _remove(run, DELETED, now=batch.now)
        elif subject is None:
            run.postpone(batch.now)  # they were merged a moment ago: once more, with whom they are now
        elif standing.is_paused:
            run.held_due_at = batch.late_since[run.id]
            run.end()
        elif compiled is None:
            run.fail(BROKEN, now=batch.now)
        elif run.status != Run.Status.LIVE:
            result.outcomes.append((run, goals.judge(run, compiled, subject, batch)))
            continue
        elif standing.catch_up_per_minute and batch.now - batch.late_since[run.id] > LATE:
            late.setdefault(standing.key, []).append(run)
            continue
        else:
            going.append(Traveller(run, compiled, subject, state.read(run.state)))
            continue
        result.others.append(run)
    for key in sorted(late):  # in one order: two workers do not wait for each other in a circle
        going += _spread(key, late[key], batch, result)
    return going


def _spread(key: str, runs: Sequence[Run], batch: Batch, result: Result) -> list[Traveller]:
    """Let so many late runs of a flow go on a minute, and put the others off until it is their turn."""
    rate = batch.standings[runs[0].version_id].catch_up_per_minute
    assert rate
    turns = allowances.turns(f"catch-up:{key}", len(runs), timedelta(minutes=1) / rate, now=batch.now)
    going = []
    for run, turn in zip(runs, turns, strict=True):
        if turn > batch.now:
            run.postpone(turn)
            result.others.append(run)
            continue
        subject, compiled = batch.subject(run), batch.version(run)
        assert subject
        assert compiled
        going.append(Traveller(run, compiled, subject, state.read(run.state)))
    return going


def _not_reached(batch: Batch, going: Sequence[Traveller], walked: set[UUID]) -> list[Run]:
    """Let the others be due as they were: they come first in the next batch."""
    left = [each.run for each in going if each.run.id not in walked]
    for run in left:
        run.give_back(batch.late_since[run.id])
    return left


def _remove(run: Run, reason: str, *, now: datetime) -> None:
    run.status, run.reason, run.ended_at = Run.Status.REMOVED, reason, now
    run.end()


def _put_back(lease: Lease, error: Exception, *, now: datetime) -> None:
    """Let a run that cannot be advanced be tried again, or give it up: what is wrong may be ours, as after a deploy."""
    logger.exception("A run fails", extra={"run": str(lease.pk)})
    with transaction.atomic():
        runs = claims.held(Run, [lease])
        for run in runs:
            run.fail(f"It could not go on ({type(error).__name__}).", now=now)
        claims.write(runs)
