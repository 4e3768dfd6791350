"""Runs that somebody waits for: advanced in memory before their batch is stored, and written with it.

The people are not stored yet: what these runs change of them is stored as what the events say is. What cannot be known
by then, or takes too long, is left to a worker, who goes on where the run has come to.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.core.fetch import new
from apps.flows.engine.graph import Compiled
from apps.flows.models import Flow, Run
from apps.flows.runs import recording, walking
from apps.flows.runs.entering import Entry
from apps.flows.runs.loading import Batch, Standing
from apps.flows.runs.recording import Result
from apps.flows.runs.subjects import Person
from apps.flows.runs.walking import Haste, Traveller
from apps.profiles.models import Profile
from apps.segments.stream.index import current

# These read what is stored of people, and what the batch says of them is not.
_BARRED: Final = frozenset({"holds", "counted", "past_event", "past_session", "people", "records", "record"})


class Inline(NamedTuple):
    """Somebody enters a flow that answers, and waits for that."""

    entry: Entry
    compiled: Compiled
    profile: Profile
    segments: Sequence[str] | None  # null: no flow of theirs reads them
    session: Mapping[str, Any] | None


def advance(entering: Sequence[Inline], *, now: datetime) -> Result:
    """Let people who enter go as far as they come; nothing is written."""
    batch = Batch(now, {})
    index, going = current.get(), []
    for number, each in enumerate(entering):
        entry, compiled, profile = each.entry, each.compiled, each.profile
        run = new(Run, **{**entry._asdict(), "state": None, "due_at": now})  # it is written once it has come so far
        person = batch.people.get(profile.id)
        if person is None:
            person = batch.people[profile.id] = Person(profile, each.segments, index, now=now)
        if entry.version_id not in batch.standings:  # those of greater priority have come first
            standing = Standing(entry.version_id, None, compiled.flow, Flow.State.ON, -number, None)
            batch.standings[entry.version_id] = standing
            batch.compiled[entry.version_id] = compiled
        if run.session_id and each.session:
            batch.sessions[run.session_id] = each.session
        going.append(Traveller(run, compiled, person, entry.state))
    return Result(batch, walking.walk(batch, going, Haste(perf_counter(), _BARRED)))


def write(result: Result) -> set[UUID]:
    """Write runs that were advanced, once their people are stored; return those with which a worker is to go on."""
    for person in result.batch.people.values():
        person.changed.clear()  # that is stored, and segments have looked at it
    recording.write(result, are_new=True)
    return {run.id for run, _ in result.outcomes if run.due_at is not None}
