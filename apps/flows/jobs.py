"""The queue in which people go on in flows, and the clock that finds whom Valkey forgot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from apps.core import audit, claims, jobs, queues, tasks
from apps.core.audit import Actor
from apps.core.jobs import job
from apps.core.models import Task
from apps.core.tasks import Kind, Step
from apps.flows import segmenting
from apps.flows.changing import publishing, removal
from apps.flows.models import Run
from apps.flows.runs import forgetting, pausing, pending, quiet, waking
from apps.flows.simulating import simulations
from apps.flows.triggers import starting, ticking
from apps.segments.jobs import SEGMENTATION

QUEUE: Final = queues.declare("flows", role="flows")  # nothing but wake-ups: who takes one stays for a while
REST_SECS: Final = 5  # a worker is woken so often at most; it stays for longer, so that nothing is missed
EARLY: Final = timedelta(seconds=2)  # RQ's scheduler looks once a second: who is early waits
SWEEP: Final = timedelta(seconds=20)
SLICE_SECS: Final = 45.0  # then others that wait in the queue have their turn


def _resume(task: Task) -> Step:
    """See to a page of a flow's people, and let a worker look for those who go on."""
    wake()
    return pausing.step(task)


def _leave(task: Task) -> Step:
    """End a page of runs, and let a worker look for those who wait for their ends."""
    wake()
    return removal.leave(task)


def _delete(task: Task) -> Step:
    """Delete a page of runs, and let a worker look for those who wait for their ends."""
    wake()
    return removal.delete(task)


def _start(task: Task) -> Step:
    """Let a page of people enter a flow, and let a worker look for them."""
    wake()
    return starting.step(task)


def _ask_again(task: Task) -> Step:
    """See to a page of those who wait in quiet hours, and let a worker look for them."""
    wake()
    return quiet.step(task)


# What has begun comes to its end: half of the people would have another clock.
tasks.register(Kind(pausing.TASK, "Let a flow go on", queues.DEFAULT, _resume, is_cancellable=False))
tasks.register(Kind(publishing.LEAVE, "Let people leave older versions", queues.DEFAULT, _leave, about="flow"))
tasks.register(Kind(publishing.DELETE, "Delete a flow", queues.DEFAULT, _delete, is_cancellable=False, about="flow"))

tasks.register(Kind(quiet.TASK, "Look again at who waits in quiet hours", queues.DEFAULT, _ask_again))
tasks.register(
    Kind(
        segmenting.TASK,
        "Go through everybody",
        SEGMENTATION,
        segmenting.step,
        about="flow",
        told=segmenting.told,
        failed_page="profiles_profile",
        gives_way=True,
    )
)
tasks.register(
    Kind(simulations.TASK, "Simulate a flow", queues.DEFAULT, simulations.step, about="flow", told=simulations.told)
)
tasks.register(Kind(starting.TASK, "Let people enter a flow", queues.DEFAULT, _start, about="flow", told=starting.told))


@job(queue=QUEUE)
def advance(**_newer: object) -> str:
    """Let runs go on as they become due, for up to a minute. Safe to run twice, also at once."""
    n_runs = waking.work(is_relieved=lambda: jobs.others_wait(QUEUE), is_stopping=jobs.is_told_to_stop)
    now = datetime.now(UTC)
    next_at = waking.next_due(now=now)
    if next_at is not None and next_at < now + EARLY:
        jobs.enqueue(advance)
    elif next_at is not None:
        jobs.enqueue_at(advance, at=next_at - EARLY)
    return f"{n_runs} runs went on."


@job(queue=queues.DEFAULT, every=SWEEP)
def sweep_runs(**_newer: object) -> str:
    """Wake a worker for what is due before the next sweep: Valkey may have forgotten it. Safe to run twice."""
    pausing.release()  # who was held by a worker that did not know yet that their flow goes on
    now = datetime.now(UTC)
    next_at = waking.next_due(now=now)
    if next_at is None or next_at > now + SWEEP:
        return "Nobody is to go on soon."
    jobs.enqueue(advance)
    return f"Somebody is to go on at {next_at.isoformat(timespec='seconds')}."


@job(queue=queues.DEFAULT, every=timedelta(minutes=1))
def watch_flows(**_newer: object) -> str:
    """Pause flows of whose runs too many fail, and give up runs that nobody came back from. Safe to run twice."""
    now = datetime.now(UTC)
    paused = pausing.pause_failing(now=now)
    given_up = claims.heal(Run, now=now)
    return f"{len(paused)} flows were paused, {len(given_up)} runs given up."


@job(queue=queues.DEFAULT, every=timedelta(minutes=1))
def look_at_clocks(**_newer: object) -> str:
    """Let people enter flows whose date, or time, has come. Safe to run twice, also at once."""
    now = datetime.now(UTC)
    ticking.wind_up(now=now)
    entered = ticking.run_due(now=now, secs=SLICE_SECS)
    if entered.runs:
        wake()
    return f"{len(entered.runs):,} runs began."


@job(queue=queues.DEFAULT, every=timedelta(hours=1))
def forget_runs(**_newer: object) -> str:
    """Delete runs, passes and simulations that ended too long ago, and what they left behind. Safe to run twice."""
    now = datetime.now(UTC)
    segmenting.forget_old(now=now)
    simulations.forget_old(now=now)
    return f"{forgetting.forget_old(now=now):,} old runs were forgotten."


def wake() -> None:
    """Let a worker look for runs that the caller's transaction makes due."""
    jobs.wake(advance, rest_secs=REST_SECS)


def run_now(runs: QuerySet[Run], *, actor: Actor, now: datetime) -> int:
    """Let people go on as if the time had come until which they wait, and return how many."""
    return _by_hand("let go on", runs, lambda: pending.run_now(runs, now=now), actor=actor, now=now)


def skip(runs: QuerySet[Run], *, actor: Actor, now: datetime) -> int:
    """Let people wait no longer, whatever for, and return how many."""
    return _by_hand("skipped a wait", runs, lambda: pending.skip(runs, now=now), actor=actor, now=now)


def cancel(runs: QuerySet[Run], *, actor: Actor, now: datetime) -> int:
    """Take people out of their flows, and return how many."""
    return _by_hand("ended", runs, lambda: pending.cancel(runs, by=actor.name, now=now), actor=actor, now=now)


def revive(runs: QuerySet[Run], *, actor: Actor, now: datetime) -> int:
    """Let runs that were given up be tried again, and return how many."""
    return _by_hand("tried again", runs, lambda: pending.revive(runs, now=now), actor=actor, now=now)


def _by_hand(verb: str, runs: QuerySet[Run], do: Callable[[], int], *, actor: Actor, now: datetime) -> int:
    """Do it, and put it on record, for as many as somebody has chosen on a page; a worker goes on at once."""
    with transaction.atomic():
        audit.record_all(verb, list(runs.select_related(None).only("pk")), actor=actor, at=now)
        n_done = do()
        wake()
    return n_done
