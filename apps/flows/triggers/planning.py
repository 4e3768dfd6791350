"""What follows from a batch of events, in its transaction: runs that begin, and runs that go on."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from apps.conditions import Context
from apps.flows.triggers import admission, meeting, met_triggers
from apps.flows.triggers.answering import Answers
from apps.flows.triggers.happened import Happened
from apps.flows.triggers.met_triggers import Met
from apps.flows.triggers.observed import Change
from apps.flows.triggers.trigger_index import Index


class Changed(NamedTuple):
    """What has changed of somebody, of what is observed, and the event that said so."""

    happened: Happened
    changes: Sequence[Change]


def plan(
    happened: Sequence[Happened],
    changed: Sequence[Changed],
    index: Index,
    *,
    now: datetime,
    awaited: Collection[str] = (),
    answers: Answers | None = None,
) -> set[UUID]:
    """Let people enter and go on, and return the runs that are due now; a few statements, however many there are.

    What waits is met before people enter: nobody waits for what has let them enter. `awaited` are the types that runs
    wait for; `answers` is what was answered inline, of which the runs are still to be written.
    """
    woken = answers.write() if answers else set()
    if awaited:
        woken |= meeting.meet(happened, types=awaited, begun_by=answers.begun_by if answers else {}, now=now)
    met = [each for each in _met(happened, changed, index, now=now) if met_triggers.untimely(each, now=now) is None]
    if not met:
        return woken
    candidates = met_triggers.candidates(met, now=now)
    return woken | admission.write(admission.admit(candidates, now=now), now=now)


def _met(happened: Sequence[Happened], changed: Sequence[Changed], index: Index, *, now: datetime) -> list[Met]:
    """List the triggers that may be met; those that were answered inline are left out."""
    context = Context(now)
    found = [
        Met(starter, each)
        for each in happened
        if not each.is_silent
        for starter in met_triggers.of_event(each, index, context)
    ]
    found += [
        Met(starter, each.happened, change)
        for each in changed
        for change in each.changes
        for starter in change.starters()
        if not (each.happened.is_answered and starter.compiled.answers_inline)
    ]
    return found
