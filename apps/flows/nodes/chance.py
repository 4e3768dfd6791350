"""Chance that comes out the same whenever it is asked again."""

import hashlib
from typing import Final

_RANGE: Final = 2**64


def drawn(seed: str) -> float:
    """Return a number from 0 on and below 1, by a seed."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) / _RANGE
