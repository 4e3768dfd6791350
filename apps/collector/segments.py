"""The definitions of segments, from memory, and what the pipeline notes to know whom they concern."""

from apps.core.snapshot import Snapshot
from apps.segments import index
from apps.segments.index import Index

current = Snapshot(index.read, refresh_secs=5)


def fresh() -> Index:
    """Return the definitions as they are now."""
    return current.get(max_age_secs=0)
