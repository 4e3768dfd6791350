"""Bridges, who reads for them, how far they are, and what could not be taken."""

from apps.inbound.models.bridge import Bridge, Consumer, Position, Unsettled
from apps.inbound.models.dead_letter import BridgeDeadLetter

__all__ = ["Bridge", "BridgeDeadLetter", "Consumer", "Position", "Unsettled"]
