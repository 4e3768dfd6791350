"""Background jobs of the event tables."""

from datetime import UTC, datetime

from apps.events.maintenance import maintain


def maintain_events(**_newer: object) -> str:
    """Run the daily maintenance; RQ keeps its sentence as the job's result."""
    return str(maintain(now=datetime.now(UTC)))
