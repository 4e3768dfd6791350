"""What a strategy is: of whom a heartbeat speaks, what it says, and what it does; one file each in strategies/."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from apps.core.registry import Registry
from apps.events.platform_events import PlatformEvent
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.silent import Look, Page, Silent


class Of(StrEnum):
    """Whose silence it is."""

    PROFILE = "profile"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Strategy:
    """A kind of silence that a heartbeat can look for."""

    key: str
    name: str
    explanation: str  # what it does, in a sentence for whoever chooses it
    silence: str  # what it looks for: "when … for 30 days"
    will: str  # what its own event means for whom it is about: "will …", and "was …"
    was: str
    of: Of
    event: PlatformEvent  # what it says, unless a heartbeat says something else
    rearm: Heartbeat.Rearm  # what is usual
    find: Callable[[Look], Page]  # those that are silent, in the order of their last activity
    page: int = 5_000  # as many are looked at in a transaction
    # What it does to them, in the transaction that tells of them; returns the ids of those to whom it could be done.
    act: Callable[[Sequence[Silent]], Collection[UUID]] | None = None


strategies: Final[Registry[Strategy]] = Registry("strategy", module="strategies")


def register(strategy: Strategy) -> Strategy:
    """Make a strategy known, and return it. Raises ImproperlyConfigured for a key that there is."""
    return strategies.register(strategy.key, strategy, stacklevel=2)
