"""The definitions of computed traits, from memory."""

from apps.core.snapshot import Snapshot
from apps.events.computed_traits import definitions as computed_traits
from apps.events.computed_traits.definitions import Definitions

current = Snapshot(computed_traits.read, refresh_secs=5)


def definitions(*, edition: int) -> Definitions:
    """Return the definitions, seconds old at most, and never older than an edition that a profile is of."""
    found = current.get()
    return found if found.edition >= edition else current.get(max_age_secs=0)
