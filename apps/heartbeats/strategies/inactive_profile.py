"""inactive-profile: people of whom nothing was heard for a while."""

from apps.heartbeats import silent_people
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.platform_events import PROFILE_INACTIVE
from apps.heartbeats.strategy import Of, Strategy, register

register(
    Strategy(
        key="inactive-profile",
        name="Inactive people",
        explanation="Says of each person of whom nothing was heard for so long that they are inactive.",
        silence="somebody has done nothing",
        will="will be called inactive",
        was="was called inactive",
        of=Of.PROFILE,
        event=PROFILE_INACTIVE,
        rearm=Heartbeat.Rearm.ONCE,
        find=silent_people.find,
    )
)
