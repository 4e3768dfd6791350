"""After this stage all that follows from the batch is a row: it exists exactly when the events do."""

from apps.collector import happenings
from apps.collector.payload import Batch
from apps.flows.runs import awaited
from apps.flows.triggers import planning
from apps.profiles import dirty


def plan(batch: Batch) -> None:
    """Write what others are to go on with once the batch is committed; the last stage in the transaction.

    None where nothing follows, and a few statements for each app that has something to do, whatever their number.
    """
    dirty.mark(batch.outcome.dirty)
    triggers, types = batch.triggers, awaited.types(batch.n_awaited) if batch.people else frozenset[str]()
    if triggers.is_idle and not types:
        return
    happened, changed = happenings.events(batch, triggers, types), happenings.changes(batch, triggers)
    if happened or changed or batch.answers:
        batch.outcome.runs |= planning.plan(
            happened, changed, triggers, awaited=types, now=batch.now, answers=batch.answers
        )
