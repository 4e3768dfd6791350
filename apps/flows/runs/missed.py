"""What happened to people between their entry and the first step of their runs, when no row waited for it yet.

Workers may be behind, or away: who has bought meanwhile is not to be written to all the same.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.conditions.type_names import event_types
from apps.flows.engine.graph import Compiled
from apps.flows.models import Run
from apps.flows.runs.answers import past
from apps.flows.runs.answers.past import Sought
from apps.profiles import ledger

Event = Mapping[str, Any]


def events(runs: Iterable[tuple[Run, Compiled]], *, now: datetime) -> dict[UUID, tuple[Event, ...]]:
    """Return what exits and goals of runs that take their first step may be about, by the run, in its order.

    Two statements a batch, and none where no run begins that has exits or goals.
    """
    asking = [each for each in runs if _asks(*each)]
    if not asking:
        return {}
    unmoved = ledger.unmoved({run.profile_id for run, _ in asking if run.profile_id})
    sought = [_sought(n, run, compiled, unmoved) for n, (run, compiled) in enumerate(asking)]
    found: dict[UUID, tuple[Event, ...]] = {}
    for n, event in past.latest(sought, now=now):
        run, _ = asking[n]
        if _place(event) > _place(_began_by(run)):  # of what came together, what was said later
            found[run.id] = (event, *found.get(run.id, ()))
    return found


def _asks(run: Run, compiled: Compiled) -> bool:
    """Tell whether a run is about somebody, takes its first step, and has rules that events may meet."""
    return bool(run.profile_id and not run.state.get("steps") and (compiled.exits or compiled.goals))


def _sought(n: int, run: Run, compiled: Compiled, unmoved: Collection[UUID]) -> Sought:
    assert run.profile_id
    rules = [*compiled.exits, *(goal.rule for goal in compiled.goals)]
    types = list(event_types({rule.event_type for rule in rules}))
    began = run.started_at.isoformat()
    since = min(_place(_began_by(run))[0] or began, began)
    places = past.places_of(run.profile_id, unmoved)
    return Sought(n, *places, None if "" in types else types, since, stored_since=began, has_silent=False)


def _began_by(run: Run) -> Event:
    event: Event = run.state.get("event") or {}
    return event


def _place(event: Event) -> tuple[str, str]:
    """Say where an event is in the order of its person's; times are texts of UTC, and ids grow."""
    return event.get("time", ""), event.get("id", "")
