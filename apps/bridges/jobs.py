"""Background jobs of bridges: deliveries are sent, found where Valkey forgot them, set aside in time, and forgotten."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from apps.bridges import keeping, overdue
from apps.bridges.lanes import dispatcher
from apps.core import queues
from apps.core.jobs import drop_others, enqueue, enqueue_at, is_told_to_stop, job, others_wait, wake

DESTINATIONS: Final = queues.declare("destinations", role="deliveries")  # slow receivers hold no other job up
SERVES_SECS: Final = 60.0
IDLE_SECS: Final = 20.0  # for which a worker waits for more: to put a job into a queue takes longer than to look
REST_SECS: Final = 15  # shorter, or what is planned while nobody serves any more would wake nobody


@job(queue=DESTINATIONS)
def deliver(**_newer: object) -> str:
    """Send what is due, and what becomes due meanwhile, for a while. Safe to run twice, also at once."""
    drop_others(deliver)
    serving = dispatcher.Dispatcher()
    try:
        is_idle = serving.serve(
            secs=SERVES_SECS,
            idle_secs=IDLE_SECS,
            is_stopping=is_told_to_stop,
            is_relieved=lambda: others_wait(DESTINATIONS),
        )
    finally:
        serving.close()
    if not is_idle and not others_wait(DESTINATIONS):
        enqueue(deliver)
    at = dispatcher.next_due()
    if at:
        enqueue_at(deliver, at=max(at, timezone.now()))
    return f"{serving.n_lanes} lanes were opened."


@job(queue=queues.DEFAULT, every=timedelta(seconds=20))
def sweep_deliveries(**_newer: object) -> str:
    """Wake who sends deliveries, where some are due and Valkey may have lost that. Safe to run twice."""
    at = dispatcher.next_due()
    is_due = at is not None and at <= timezone.now()
    if is_due and not others_wait(DESTINATIONS):
        enqueue(deliver)  # whoever was woken for it a moment ago may be dead
    return "Deliveries are due." if is_due else "No delivery is due."


@job(queue=queues.DEFAULT, every=timedelta(minutes=10))
def expire_deliveries(**_newer: object) -> str:
    """Set aside what is overdue where nothing is sent. Safe to run twice, also at once."""
    return f"{overdue.expire(now=timezone.now()):,} deliveries expired."


@job(queue=queues.DEFAULT, every=timedelta(hours=1))
def forget_deliveries(**_newer: object) -> str:
    """Delete deliveries that ended too long ago to be shown. Safe to run twice."""
    return f"{keeping.forget_old(now=timezone.now()):,} old deliveries were forgotten."


def nudge() -> None:
    """Let what is due be sent soon; for edges, and for whoever has planned something."""
    wake(deliver, rest_secs=REST_SECS)
