"""After this stage those are awake who go on with what the batch has planned."""

from apps.collector.payload import Outcome
from apps.flows import jobs as flows
from apps.segments import jobs as segments


def announce(outcome: Outcome) -> None:
    """Put wake-ups into their queues, after the commit: the only stage that does. What is lost here, a clock finds."""
    if outcome.dirty:
        segments.nudge_seldom()
    if outcome.runs:
        flows.wake()
