"""After this stage all that follows from the batch is a row: it exists exactly when the events do."""

from apps.collector.payload import Batch
from apps.profiles import dirty


def plan(batch: Batch) -> None:
    """Write what others are to go on with once the batch is committed; the last stage in the transaction.

    At most one statement for each app that has something to do, and none where nothing follows.
    """
    dirty.mark(batch.outcome.dirty)
