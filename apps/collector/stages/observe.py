"""After this stage the batch remembers what segments read of its people, so that `segment` finds what has changed."""

from apps.collector import segments
from apps.collector.track import Batch, Observed


def observe(batch: Batch) -> None:
    """Note it of each profile, before its events say anything of it; no query."""
    index = segments.current.get()
    batch.observed = observed = Observed(index)
    for track in batch.going:
        profile = track.profile
        if profile is None or not track.saves_profile or profile.id in observed.seen:
            continue
        is_new = profile.id in batch.directory.unannounced
        observed.seen[profile.id] = index.nothing if is_new else index.see(profile)
        observed.bits[profile.id] = index.of_nobody if is_new else 0
    for merge in batch.directory.merges:
        # Whoever turns out to be two is decided anew, by all segments.
        kept_id = batch.directory.living_id(merge.kept_id)
        if kept_id in observed.seen:
            observed.bits[kept_id] = index.everything
