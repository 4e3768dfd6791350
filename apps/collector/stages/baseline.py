"""After this stage the batch remembers what segments and flows read of its people, for later stages to compare."""

from apps.collector.payload import Baseline, Batch
from apps.flows.triggers import observed
from apps.flows.triggers import trigger_index as triggers
from apps.segments.stream.index import current


def baseline(batch: Batch) -> None:
    """Note it of each profile, before its events say anything of it; no query."""
    _for_segments(batch)
    batch.triggers = triggers.current.get()
    looked_at = batch.triggers.observed
    if looked_at:
        nothing = observed.nothing(looked_at)
        for profile in batch.people:
            is_new = profile.id in batch.directory.unannounced
            batch.observed[profile.id] = nothing if is_new else observed.see(looked_at, profile, now=batch.now)


def _for_segments(batch: Batch) -> None:
    index = current.get()
    batch.baseline = before = Baseline(index)
    for profile in batch.people:
        is_new = profile.id in batch.directory.unannounced
        before.seen[profile.id] = index.nothing if is_new else index.see(profile)
        before.bits[profile.id] = index.of_nobody if is_new else 0
    for merge in batch.directory.merges:
        # Whoever turns out to be two is evaluated anew, by all segments.
        kept_id = batch.directory.living_id(merge.kept_id)
        if kept_id in before.seen:
            before.bits[kept_id] = index.everything
