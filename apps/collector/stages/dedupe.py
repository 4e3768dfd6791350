"""After this stage messages that were seen before are marked, be it long ago or in the same batch."""

from apps.collector.payload import Batch
from apps.events.store import storage


def dedupe(batch: Batch) -> None:
    """Look up the keys of all events; one query. What is marked changes nothing, and gets the same answer."""
    seen = storage.remembered([event.key for payload in batch.named for event in payload.going if event.key])
    firsts = batch.firsts
    for payload in batch.named:
        n_repeated = 0
        for event in payload.going:
            if not event.key:
                continue
            if event.key in seen:
                event.repeat(seen[event.key])
            elif event.key in firsts:
                event.repeat(firsts[event.key].content)
            else:
                firsts[event.key] = event
            n_repeated += event.is_duplicate
        if n_repeated:
            payload.settle()
