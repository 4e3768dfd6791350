"""How many messages are asked for at once, where a server cannot be told how many bytes: as many as are small."""

from collections.abc import Sequence
from typing import Final

from apps.inbound.received import Received

BYTES_AT_ONCE: Final = 16_000_000
FIRST: Final = 25  # before anything is known of their size


class Portion:
    """Begins with some, and doubles while messages are small."""

    def __init__(self) -> None:
        self._n = FIRST

    def of(self, limit: int) -> int:
        """Return how many may be asked for."""
        return min(limit, self._n)

    def saw(self, messages: Sequence[Received]) -> None:
        """Note how large the last ones were."""
        if messages:
            n_bytes = sum(len(message.body) for message in messages)
            fitting = BYTES_AT_ONCE * len(messages) // max(n_bytes, 1)
            self._n = max(min(self._n * 2, fitting, 1_000_000), 1)
