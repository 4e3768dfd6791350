"""inactive-session: sessions that are open, and in which nothing happened for a while."""

from apps.heartbeats import silent_sessions
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.platform_events import SESSION_INACTIVE
from apps.heartbeats.strategy import Of, Strategy, register

register(
    Strategy(
        key="inactive-session",
        name="Inactive sessions",
        explanation="Says of an open session in which nothing happened for so long that it is inactive; it stays open.",
        silence="nothing has happened in an open session",
        will="will be called inactive",
        was="was called inactive",
        of=Of.SESSION,
        event=SESSION_INACTIVE,
        rearm=Heartbeat.Rearm.SILENCE,
        find=silent_sessions.find,
    )
)
