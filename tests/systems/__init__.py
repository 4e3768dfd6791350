"""Real servers for the tests of bridges: each module starts one, in a folder and at a port of its own."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from tests.live import wait_for


def needs(binary: str, *, package: str) -> str:
    """Return where a server's program lies. Without it CI fails, and whoever tests elsewhere is told."""
    found = shutil.which(binary, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/rabbitmq/bin")
    if found:
        return found
    told = f"{binary} is not installed: apt-get install --no-install-recommends {package}"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


@contextmanager
def hanging(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let a server, and all of the group that it leads, take connections, and answer nobody.

    The kernel stops them a moment after they were told to.
    """
    _tell(process, signal.SIGSTOP)
    try:
        wait_for(lambda: _is_stopped(process), "a server to stop")
        yield
    finally:
        _tell(process, signal.SIGCONT)


def _tell(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if _leads_group(process):
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)


def _leads_group(process: subprocess.Popen[bytes]) -> bool:
    return os.getpgid(process.pid) == process.pid


def _is_stopped(process: subprocess.Popen[bytes]) -> bool:
    first = psutil.Process(process.pid)
    others = first.children(recursive=True) if _leads_group(process) else []
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        told = [first, *(each for each in others if os.getpgid(each.pid) == first.pid)]
        return all(each.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE) for each in told)
    return False
