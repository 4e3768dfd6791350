"""What a piece of work took: by the clock, and of the processors, whose time varies less on a shared machine."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.db import connection

# Of our database: what others do on the same server is none of our work.
CLIENTS = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database()"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: by the clock, of processors in the processes that worked, and in the backends of PostgreSQL."""

    secs: float = 0.0
    cpu_secs: float = 0.0
    postgres_secs: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.secs + other.secs, self.cpu_secs + other.cpu_secs, self.postgres_secs + other.postgres_secs)

    def cpu(self, count: float) -> dict[str, float]:
        """Return what one of so many took of the processors: cpu_us, and postgres_cpu_us."""
        return {"cpu_us": self.cpu_secs * 1e6 / count, "postgres_cpu_us": self.postgres_secs * 1e6 / count}


def spent(work: Callable[[], object], *, by: Sequence[psutil.Process] = ()) -> Spent:
    """Let it be done, and return what it took: here, or by these processes, whose connections are open already."""
    workers, backends = _Processes(by or [psutil.Process()]), _Processes(_backends())
    started = time.perf_counter()
    work()
    secs = time.perf_counter() - started
    return Spent(secs, workers.worked_secs(), backends.worked_secs())


def named(name: str, figures: dict[str, float]) -> dict[str, float]:
    """Return the figures of something: {name_key: figure}."""
    return {f"{name}_{key}": value for key, value in figures.items()}


def cost(name: str, feature: Spent, plain: Spent, count: float) -> dict[str, float]:
    """Return the figures of a feature, of so many events with it and without: its ratio, and what it adds to each."""
    with_cpu, plain_cpu = feature.cpu(count), plain.cpu(count)
    return {
        f"{name}_ratio": plain.secs / feature.secs,
        f"{name}_cost_us": (feature.secs - plain.secs) * 1e6 / count,
        **{f"{name}_cost_{key}": with_cpu[key] - plain_cpu[key] for key in with_cpu},
    }


class _Processes:
    """Processes, and how long processors had worked for each."""

    def __init__(self, processes: Iterable[psutil.Process]) -> None:
        self._before: dict[psutil.Process, float] = {}
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                self._before[process] = _cpu_secs(process)

    def worked_secs(self) -> float:
        """Add up what they worked since; those that ended meanwhile are left out."""
        found = 0.0
        for process, secs in self._before.items():
            with suppress(psutil.NoSuchProcess):
                found += _cpu_secs(process) - secs
        return found


def _cpu_secs(process: psutil.Process) -> float:
    """Return it of ourselves, and of what has one thread, as backends do, as exactly as the kernel knows it."""
    if process.pid == os.getpid():
        return time.process_time()
    try:
        if process.num_threads() == 1:
            return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:  # another kernel: it counts hundredths of a second
        pass
    times = process.cpu_times()
    return float(times.user + times.system)


def _backends() -> list[psutil.Process]:
    """Find the backends of our clients; those are there as long as their connections, which some end just now."""
    with connection.cursor() as cursor:
        cursor.execute(CLIENTS)
        found = cursor.fetchall()
    backends = []
    for (pid,) in found:
        with suppress(psutil.NoSuchProcess):
            backends.append(psutil.Process(pid))
    return backends
