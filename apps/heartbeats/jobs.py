"""Background jobs of heartbeats."""

from datetime import UTC, datetime, timedelta
from typing import Final

from apps.core import queues
from apps.core.jobs import enqueue, job
from apps.heartbeats import running

SLICE_SECS: Final = 45.0  # then others that wait in the queue have their turn


@job(queue=queues.DEFAULT, every=timedelta(minutes=1))
def run_heartbeats(**_newer: object) -> str:
    """Run the heartbeats that are due, for a while; what is left goes on at once. Safe to run twice, also at once."""
    outcomes = running.run_due(now=datetime.now(UTC), secs=SLICE_SECS)
    if any(not outcome.is_over for outcome in outcomes):
        enqueue(run_heartbeats)
    return f"{len(outcomes)} heartbeats ran and said {sum(outcome.n_said for outcome in outcomes)} events."


def nudge() -> None:
    """Let a worker run soon what is due; for edges that made something due."""
    enqueue(run_heartbeats)
