"""What a killed supervisor left running: found by the mark that all its processes carry, and stopped."""

import os
import signal
from pathlib import Path

import psutil

MARK = "CDP_SUPERVISED"  # environment variable of all supervised processes; its value is the installation's var folder

PATIENCE_SECS = 10.0  # that a process has to end by itself
SUPERVISOR_PATIENCE_SECS = 60.0  # it first stops all others, one after the other


def stop_leftovers(var: Path) -> int:
    """Stop all processes of an earlier start on this folder, and return how many there were.

    A supervisor that still lives is stopped first, since it stops the others in order, and would start them again.
    """
    left = [process for process in psutil.process_iter() if _is_ours(process, var)]
    _stop([process for process in left if _is_supervisor(process)], patience_secs=SUPERVISOR_PATIENCE_SECS)
    _stop(left, patience_secs=PATIENCE_SECS)
    return len(left)


def _stop(processes: list[psutil.Process], *, patience_secs: float) -> None:
    for process in processes:
        # INT is PostgreSQL's fast shutdown; TERM would wait for its clients.
        _signal(process, signal.SIGINT if _name(process) == "postgres" else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(processes, timeout=patience_secs)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=10.0)


def _is_supervisor(process: psutil.Process) -> bool:
    try:
        return "supervisor.supervisord" in process.cmdline()
    except psutil.Error:
        return False


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def _is_ours(process: psutil.Process, var: Path) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == str(var)
    except psutil.Error:
        return False  # it has ended, or belongs to somebody else


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
