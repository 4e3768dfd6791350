"""session-not-closed: sessions that nobody closed, and in which nothing happened for a while, are closed."""

from apps.heartbeats import silent_sessions
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.platform_events import SESSION_CLOSED
from apps.heartbeats.strategy import Of, Strategy, register

register(
    Strategy(
        key="session-not-closed",
        name="Sessions that were not closed",
        explanation="Closes each open session in which nothing happened for so long, and says how long it lasted.",
        silence="nothing has happened in an open session",
        will="will be closed",
        was="was closed",
        of=Of.SESSION,
        event=SESSION_CLOSED,
        rearm=Heartbeat.Rearm.SILENCE,
        find=silent_sessions.find,
        page=1_000,  # each session takes a lock, of which the server has room for some thousands
        act=silent_sessions.close,
    )
)
