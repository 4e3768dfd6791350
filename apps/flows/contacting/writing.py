"""What a node asks before it writes to somebody: whether quiet hours and caps let it.

class Mail(Node):
    def run(self, step: Step) -> Move:
        if isinstance(step.wake, Delivered): ...
        return before_writing(step, "email") or Stay(until=None, sent=Sent(..., channel="email"))
"""

from datetime import timedelta
from typing import Final

from apps.flows.engine.moves import Ask, Go, Move, Skipped, Stay
from apps.flows.engine.step import Step

CAPPED: Final = "capped"  # the port by which people go on who were written to often enough
GIVEN_UP: Final = "Somebody let them go on before it was known how it went."


QUIET: Final = "quiet-hours"  # what is kept of who waits until these are over


def before_writing(step: Step, channel: str) -> Move | None:
    """Return what the node has to do first: ask, wait until quiet hours are over, or let a capped person go on.

    None: it writes now, and the message is counted. Whoever skips the wait writes in quiet hours. Nobody is asked about
    a run without a person.
    """
    if step.subject.profile_id is None:
        return None
    if step.answer is None:
        ignores_hours = isinstance(step.wake, Skipped)
        zone = step.subject.zone or step.zone
        return Ask("contact", {"channel": channel, "zone": zone, "ignores_hours": ignores_hours})
    if "quiet_secs" in step.answer:
        return Stay(until=step.now + timedelta(seconds=step.answer["quiet_secs"]), kept=QUIET)
    return Go(CAPPED) if "capped_by" in step.answer else None
