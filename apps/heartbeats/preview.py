"""What a heartbeat would say now: how many, and of whom, for example. Nothing is written."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from apps.heartbeats import clock, running, telling
from apps.heartbeats.clock import Clock
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.silent import Look, Silent

PAGE: Final = 5_000
SAMPLE: Final = 10
SECS: Final = 3.0  # as long as a page of the admin may take


@dataclass(slots=True)
class Preview:
    """How many silences are due, and some of them; the same of those that the first run leaves out."""

    n_due: int = 0
    n_left_out: int = 0
    is_exact: bool = True  # otherwise there are more: it took too long to count all
    sample: list[Silent] = field(default_factory=list)
    sample_left_out: list[Silent] = field(default_factory=list)


def preview(heartbeat: Heartbeat, *, secs: float = SECS) -> Preview:
    """Count what is due now, for at most so long. Raises DefinitionError for a heartbeat that is broken.

    One that is not saved yet is taken as if it was switched on just now.
    """
    read, deadline = clock.read(), time.monotonic() + secs
    found = Preview()
    since = running.first_since(heartbeat, now=read.now)
    until = read.stored_until - heartbeat.wait_period
    for page in _pages(Look(heartbeat, until, since, None, PAGE), read):
        found.n_due += len(page)
        found.sample += page[: SAMPLE - len(found.sample)]
        if time.monotonic() > deadline:
            found.is_exact = False
            return found
    if since is None:
        return found
    for page in _pages(Look(heartbeat, min(since, until), None, None, PAGE), read):
        found.n_left_out += len(page)
        found.sample_left_out += page[: SAMPLE - len(found.sample_left_out)]
        if time.monotonic() > deadline:
            found.is_exact = False
            break
    return found


def _pages(look: Look, read: Clock) -> Iterator[list[Silent]]:
    """Yield those of whom something would be said, page by page of those who are silent."""
    while True:
        decided = telling.decide(look, stored_until=read.stored_until)
        yield [each for each in decided.due if each.id not in decided.quiet]
        if decided.page.after is None:
            return
        look = replace(look, after=decided.page.after)
