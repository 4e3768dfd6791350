"""Who set a field of a profile, and when: {path: [ISO time, setter, source id]}, kept in the row.

The setter is the id of an event, or `user:<id>`, `key:<prefix>`, `import:<id>`. Older ones have no source.
"""

from datetime import UTC, datetime
from uuid import UUID

Entry = list[str]
Provenance = dict[str, Entry]


def entry(*, time: datetime, setter: UUID | str, source: UUID | str = "") -> Entry:
    """Write down who set a field; ISO times in UTC sort as texts."""
    return [time.astimezone(UTC).isoformat(), str(setter), str(source)]


def take(provenance: Provenance, path: str, said: Entry) -> bool:
    """Note who sets a field now, and tell whether they may: nobody does who says it of an earlier time."""
    known = provenance.get(path)
    if known is not None and said[0] < known[0]:
        return False
    provenance[path] = said
    return True


def is_by_hand(said: Entry) -> bool:
    """Tell whether a person, or a program that speaks for one, set the field, and no event."""
    return ":" in said[1]


def complete(found: Entry) -> Entry:
    """Add the parts that older rows do not have."""
    return [*found, "", ""][:3]
