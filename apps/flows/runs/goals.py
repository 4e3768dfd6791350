"""Goals that are reached after a run has ended: within their time they count for it all the same."""

from apps.flows.engine import exits, state
from apps.flows.engine.graph import Compiled
from apps.flows.engine.outcome import Ending, Outcome
from apps.flows.models import Run
from apps.flows.runs.loading import Batch, wakes_of
from apps.flows.runs.subjects import Nobody, Person


def judge(run: Run, compiled: Compiled, subject: Person | Nobody, batch: Batch) -> Outcome:
    """Say which goals a run that is over has reached by what has happened since; it stays as it ended."""
    stands, now = state.read(run.state), batch.now - run.behind
    ending = Ending(Run.Status(run.status), run.reason)
    outcome = Outcome(stands, compiled, ending=ending, place=run.place)
    scope = {
        **subject.scope,
        "session": batch.sessions.get(run.session_id, {}) if run.session_id else {},
        "event": stands.event or {},
        "payload": None,
        "memory": stands.memory,
        "flow": {"key": compiled.flow, "version": compiled.number},
    }
    for event in wakes_of(batch.waits.get(run.id, ())).events:
        for goal in exits.reached(compiled, stands, scope, now, event, behind=run.behind):
            stands.goals[goal.id] = now
            outcome.goals.append(goal.id)
    return outcome
