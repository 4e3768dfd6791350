"""The tracked links as a click needs them: from memory, so that a click works while the database is away."""

from typing import Any, NamedTuple
from uuid import UUID

from apps.core.snapshot import Snapshot
from apps.events.models import Redirect


class Link(NamedTuple):
    """Where a click goes, and the event that tells of it."""

    url: str
    source_id: UUID
    event_type: str
    properties: dict[str, Any]


def _read() -> dict[UUID, Link]:
    rows = Redirect.objects.filter(is_enabled=True)
    return {row.id: Link(row.url, row.source_id, row.event_type, row.properties) for row in rows}


current = Snapshot(_read, of=(Redirect,), refresh_secs=5)


def find(redirect_id: UUID) -> Link | None:
    """Find an enabled link, made just now or long ago; None when there is none of this id."""
    return current.get().get(redirect_id) or current.latest().get(redirect_id)
