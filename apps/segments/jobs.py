"""Background jobs of segments: the clock's, and those of the queue `segmentation:live`."""

from datetime import UTC, datetime, timedelta
from typing import Final

from apps.core import beats, queues
from apps.core.jobs import enqueue, job
from apps.segments import live, runs

SEGMENTATION: Final = queues.declare("segmentation:live")


@job(queue=queues.DEFAULT, every=timedelta(minutes=1))
def decide_due(**_newer: object) -> str:
    """Begin what waits, and carry on what lies idle: new definitions, people who were changed. Safe to run twice."""
    now = datetime.now(UTC)
    beats.beat(beats.Name.CRON, at=now)
    begun = live.begin_due(requested_by="clock", now=now)
    push(begun.n_pages)
    return begun.sentence


@job(queue=queues.DEFAULT, every=timedelta(minutes=10))
def decide_everybody(**_newer: object) -> str:
    """Begin a run for all that time decides, unless one is under way. Safe to run twice."""
    begun = live.begin_full(requested_by="clock", now=datetime.now(UTC))
    push(begun.n_pages)
    return begun.sentence


@job(queue=SEGMENTATION)
def decide_page(**_newer: object) -> None:
    """Decide the page that has waited longest, if any waits. Safe to run twice, also at once."""
    runs.work()


def push(n_pages: int) -> None:
    """Let so many pages be worked on."""
    for _ in range(n_pages):
        enqueue(decide_page)


def nudge() -> None:
    """Let somebody begin soon with what waits; for edges that changed a definition, or people."""
    enqueue(decide_due)
