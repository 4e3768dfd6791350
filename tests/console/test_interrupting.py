"""Ctrl-C ends a command without a word too many."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.console.supervision import MANAGE, SKIP_CHECKS
from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells which signals a process takes")
def test_ingest_finishes_what_it_has_at_hand(live: Live) -> None:
    code, told = interrupted(live, ["ingest", SKIP_CHECKS], lambda pid, said: takes_sigterm(pid))

    assert code == 0
    assert told == ""


def test_any_other_command_just_ends(live: Live) -> None:
    script = "import time; print('at work', flush=True); time.sleep(60)"

    code, told = interrupted(live, ["shell", "--no-imports", "-c", script], lambda pid, said: said == "at work\n")

    assert code == 128 + signal.SIGINT
    assert told == "at work\n"


def interrupted(live: Live, args: list[str], is_at_work: Callable[[int, str], bool]) -> tuple[int, str]:
    """Run a command, press Ctrl-C once it is at work, and return its exit code and what it said."""
    out = live.var / f"interrupted-{args[0]}.out"
    with out.open("w") as output:
        process = subprocess.Popen([*MANAGE, *args], env=live.env, stdout=output, stderr=output)
    try:
        wait_for(lambda: is_at_work(process.pid, out.read_text()), "the command to work")
        process.send_signal(signal.SIGINT)
        return process.wait(timeout=60), out.read_text()
    finally:
        process.kill()


def takes_sigterm(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], base=16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)
