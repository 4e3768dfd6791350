"""What processes ask of the kernel: to end with the one that started them, and to work in turns.

A killed supervisor leaves nothing behind: `python -m cdp.processes [--user NAME] SIGNAL COMMAND ...` becomes the
command, as that user, after asking the kernel to send it SIGNAL when its parent dies (PR_SET_PDEATHSIG, Linux).
Elsewhere the next start finds and stops what was left (`apps.console.leftovers`).
"""

import argparse
import ctypes
import os
import pwd
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
BASE_DIR = Path(__file__).resolve().parent.parent  # where Python finds this module


def tied(command: list[str], *, stop_signal: str = "TERM", user: str | None = None) -> list[str]:
    """Return the command that ends with whoever starts it in BASE_DIR, as that user: the one way to become another."""
    as_user = ["--user", user] if user else []
    return [sys.executable, "-m", "cdp.processes", *as_user, f"SIG{stop_signal}", *command]


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to send this process a signal when its parent dies; does nothing where there is no such call."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died in between
        os.kill(os.getpid(), signal_number)


def work_in_turns() -> None:
    """Ask the kernel not to interrupt a thread of this process for one that was woken (SCHED_BATCH, Linux).

    Threads that wake each other for every request would else take the processor from each other, only to wait for the
    interpreter's lock: a fifth to a third of what a web server can take.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # where it is forbidden, as in some containers, it is only slower
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def open_many_files() -> None:
    """Let this process have as many files and connections open as its user may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):  # where "no limit" is more than the kernel has
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Become the command of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    parser.add_argument("signal", type=signal.Signals.__getitem__)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    wanted = parser.parse_args()
    if wanted.user:
        become(wanted.user)
        os.chdir("/")  # the folder that we were started in may be closed to them
    die_with_parent(wanted.signal)  # last: a change of user revokes it
    os.execvp(wanted.command[0], wanted.command)  # noqa: S606 - no shell is wanted


def become(name: str) -> None:
    """Give up root's rights for those of another user."""
    entry = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main()
