"""The events that the platform itself reports: a profile, a session or a visit has begun."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

TRIGGERS: Final = "trigger-event-types"  # the property of `visit-started` that clients do not send
# They come before what caused them, in this order; the offsets keep them so in every list sorted by time.
OFFSETS: Final = {
    "profile-created": timedelta(seconds=3),
    "session-opened": timedelta(seconds=2),
    "visit-started": timedelta(seconds=1),
}
# What the platform found out about somebody who did nothing: it is no activity of theirs, and decides no segments.
FINDINGS: Final = frozenset({"segment-entered", "segment-left"})
# All that the platform itself says is nothing that people did: it counts as an event only where its type is named.
REPORTS: Final = FINDINGS.union(OFFSETS)


def caused_at(type: str, time: datetime) -> datetime:
    """Return the time of the event that caused a system event; of any other event its own."""
    offset = OFFSETS.get(type)
    return time + offset if offset else time


def starts_visit(type: str, properties: Mapping[str, Any]) -> bool:
    """Tell whether an event says that a visit began, and is ours."""
    return type == "visit-started" and TRIGGERS in properties
