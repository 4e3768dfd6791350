"""inactive-session: sessions that are open, and in which nothing happened for a while."""

from apps.heartbeats import silent_sessions
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.platform_events import SESSION_INACTIVE
from apps.heartbeats.strategy import Of, Strategy, register

register(
    Strategy(
        key="inactive-session",
        name="Inactive sessions",
        explanation="Says of each open session in which nothing happened for so long that it is; it stays open.",
        of=Of.SESSION,
        event=SESSION_INACTIVE,
        rearm=Heartbeat.Rearm.SILENCE,
        find=silent_sessions.find,
    )
)
