"""The events that are nothing that people did: what the platform itself reports, and what others record for them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from apps.profiles import consents

TRIGGERS: Final = "trigger-event-types"  # the property of `visit-started`, which those of senders never had
TAG: Final = "event:system"  # by the definitions of their types; no sender can set it
# They come before what caused them, in this order; the offsets keep them so in every list sorted by time.
OFFSETS: Final = {
    "profile-created": timedelta(seconds=3),
    "session-opened": timedelta(seconds=2),
    "visit-started": timedelta(seconds=1),
}
# What the platform found out about somebody who did nothing: it is no activity of theirs, and decides no segments.
FINDINGS: Final = frozenset({"segment-entered", "segment-left"})
# What others did about somebody, who is neither seen by it nor more active.
BY_OTHERS: Final = FINDINGS | {consents.RECORDED}
# All that is nothing that people did themselves: it counts as an event only where its type is named. From senders such
# events are refused: else strangers could let people enter segments.
REPORTS: Final = BY_OTHERS.union(OFFSETS)


def caused_at(type: str, time: datetime) -> datetime:
    """Return the time of the event that caused a system event; of any other event its own."""
    offset = OFFSETS.get(type)
    return time + offset if offset else time


def starts_visit(type: str, properties: Mapping[str, Any]) -> bool:
    """Tell whether an event says that a visit began, and is ours."""
    return type == "visit-started" and TRIGGERS in properties
