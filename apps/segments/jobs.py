"""Background jobs of segments: the clock's, and those of the queue `segmentation:live`."""

from datetime import UTC, datetime, timedelta
from typing import Final

from apps.core import beats, queues
from apps.core.jobs import enqueue, job, wake
from apps.segments import live
from apps.segments.runs import due, paging

SEGMENTATION: Final = queues.declare("segmentation:live")
# Segments that ask who entered others can chase each other without end: so often, and not as fast as they can.
REST_SECS: Final = 10


@job(queue=queues.DEFAULT, every=timedelta(minutes=1))
def evaluate_due(**_newer: object) -> str:
    """Begin what waits, as the clock does, and show that there is one. Safe to run twice."""
    beats.beat(beats.Name.CRON, at=datetime.now(UTC))
    return _begin_due(requested_by="clock")


@job(queue=queues.DEFAULT)
def evaluate_waiting(**_newer: object) -> str:
    """Begin what waits, as somebody knows that something does. Safe to run twice."""
    return _begin_due(requested_by="wake-up")


def _begin_due(*, requested_by: str) -> str:
    """Begin what waits, and carry on what lies idle: new definitions, people who were changed."""
    now = datetime.now(UTC)
    begun = due.begin_due(requested_by=requested_by, now=now)
    push(begun.n_pages)
    others = live.begin(requested_by=requested_by, now=now)
    return " ".join([begun.sentence, *map(live.told, others)])


@job(queue=queues.DEFAULT, every=timedelta(minutes=10))
def evaluate_everybody(**_newer: object) -> str:
    """Begin a run for all that depends on time, unless one is under way. Safe to run twice."""
    begun = due.begin_full(requested_by="clock", now=datetime.now(UTC))
    push(begun.n_pages)
    return begun.sentence


@job(queue=SEGMENTATION)
def evaluate_page(**_newer: object) -> None:
    """Evaluate the page that has waited longest, if any waits. Safe to run twice, also at once."""
    paging.work()


def push(n_pages: int) -> None:
    """Let so many pages be worked on."""
    for _ in range(n_pages):
        enqueue(evaluate_page)


def nudge_seldom() -> None:
    """Let somebody begin with what waits, in a while at the latest; for those who change people all the time."""
    wake(evaluate_waiting, rest_secs=REST_SECS)


def nudge() -> None:
    """Let somebody begin soon with what waits; for edges that changed a definition, or people."""
    enqueue(evaluate_waiting)
