"""What sends one parcel after the other, over a session that has room for one at a time."""

from abc import ABC, abstractmethod
from collections import deque

from apps.bridges.transport import Parcel, Reply


class InTurn(ABC):
    """The part of a transport that takes parcels, and sends them when it is asked for replies."""

    def __init__(self) -> None:
        self._waiting: deque[Parcel] = deque()

    @property
    def n_under_way(self) -> int:
        """How many parcels are to be sent."""
        return len(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether there is none."""
        return not self._waiting

    def send(self, parcel: Parcel) -> None:
        """Take a parcel, which is sent when replies are asked for."""
        self._waiting.append(parcel)

    def replies(self, *, secs: float) -> list[Reply]:
        """Send what was taken; it takes as long as the receiver does."""
        return [self._sent(self._waiting.popleft()) for _ in range(len(self._waiting))]

    @abstractmethod
    def _sent(self, parcel: Parcel) -> Reply:
        """Send a parcel; whatever becomes of it is a reply."""
