"""Real servers for the tests of bridges: each module starts one, in a folder and at a port of its own."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

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
    """Let a server take connections, and answer nobody; the kernel stops it a moment after it was told to."""
    process.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "a server to stop")
        yield
    finally:
        process.send_signal(signal.SIGCONT)
