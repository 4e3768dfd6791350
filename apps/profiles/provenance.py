"""Who set a field of a profile, and when: {path: [ISO time, setter, source id]}, kept in the row.

The setter is the id of an event, or `user:<id>`, `key:<prefix>`, `import:<id>`, or a step of a flow in a run:
`flow:<key>:<version>:<node>:<run>`. Older ones have no source.
"""

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

Entry = list[str]
Provenance = dict[str, Entry]


def entry(*, time: datetime, setter: UUID | str, source: UUID | str = "") -> Entry:
    """Write down who set a field; ISO times in UTC sort as texts."""
    return [_written(time), str(setter), str(source)]


@lru_cache(maxsize=256)
def _written(time: datetime) -> str:
    """Write a time down: an event, or a batch of runs, sets many fields at one."""
    return time.astimezone(UTC).isoformat()


def take(provenance: Provenance, path: str, said: Entry) -> bool:
    """Note who sets a field now, and tell whether they may: nobody does who says it of an earlier time."""
    known = provenance.get(path)
    if known is not None and said[0] < known[0]:
        return False
    provenance[path] = said
    return True


def is_by_hand(said: Entry) -> bool:
    """Tell whether no event set the field, but a person, a program that speaks for one, or a flow."""
    return ":" in said[1]


def complete(found: Entry) -> Entry:
    """Add the parts that older rows do not have."""
    return [*found, "", ""][:3]
