"""What every pipeline needs once: how long each stage takes, and how often it ran."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_seconds: dict[str, float] = defaultdict(float)
_runs: dict[str, int] = defaultdict(int)


@contextmanager
def timed(stage: Callable[..., Any]) -> Iterator[None]:
    """Add the time that the block takes to the stage's total, whether it ends well or not."""
    started = time.perf_counter()
    try:
        yield
    finally:
        with _lock:
            _seconds[stage.__name__] += time.perf_counter() - started
            _runs[stage.__name__] += 1


def timings() -> dict[str, tuple[int, float]]:
    """Return {stage: (runs, seconds)} of this process since it started."""
    with _lock:
        return {name: (_runs[name], _seconds[name]) for name in _runs}
