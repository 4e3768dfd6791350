"""Background jobs of the event tables."""

from datetime import UTC, datetime

from apps.events import moving
from apps.events.maintenance import maintain

MOVE_SECS = 60.0  # then other jobs have their turn


def maintain_events(**_newer: object) -> str:
    """Run the daily maintenance; RQ keeps its sentence as the job's result."""
    return str(maintain(now=datetime.now(UTC)))


def move_merged(**_newer: object) -> str:
    """Let events and sessions follow the profiles that were merged, or separated. Safe to run twice, also at once."""
    return f"{moving.move(secs=MOVE_SECS)} merges are finished."
