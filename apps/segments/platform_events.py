"""What the platform says of memberships; see memberships.py."""

from typing import Final

from apps.events.platform_events import PlatformEvent, declare

_PROPERTIES: Final = {"segment": "text", "name": "text", "because": "text"}
ENTERED: Final = declare(PlatformEvent("segment-entered", "Segment Entered", properties=_PROPERTIES))
LEFT: Final = declare(PlatformEvent("segment-left", "Segment Left", properties=_PROPERTIES))
