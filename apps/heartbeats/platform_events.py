"""What the platform says of people who have gone silent; see strategies/, which has one file for each."""

from typing import Final

from apps.events.platform_events import PlatformEvent, declare

_SILENCE: Final = {
    "heartbeat": "text",
    "strategy": "text",
    "run": "text",  # the id of the run that said it; one from the command line has none
    "last_active_at": "datetime",
    "inactive_secs": "number",
    "wait_secs": "number",
}
_SESSION: Final = {
    **_SILENCE,
    "started_at": "datetime",
    "ended_at": "datetime",
    "duration_secs": "number",
    "entry_page": "text",
    "exit_page": "text",
    "event_count": "number",
    "visit_count": "number",
}
# Segments may ask who is silent. No heartbeat says the same silence twice, so that none goes on without end.
PROFILE_INACTIVE: Final = declare(
    PlatformEvent("profile-inactive", "Profile Inactive", properties=_SILENCE, evaluates_segments=True)
)
SESSION_INACTIVE: Final = declare(
    PlatformEvent("session-inactive", "Session Inactive", properties=_SESSION, evaluates_segments=True)
)
SESSION_CLOSED: Final = declare(
    PlatformEvent("session-closed", "Session Closed", properties=_SESSION, evaluates_segments=True)
)
