"""Python programs of the platform, each in a fork of one process that has started Django.

That takes a second and a half, a fork some hundredths of one; a test that is about the start itself makes a real one.

As a program (`python -m tests.commands SOCKET`) it is that process. It reads a JSON object a connection, and becomes
the program that it names in a fork, which tells by the connection which process it is; another one, how it ended.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import psutil

from cdp.embedded import wait
from cdp.processes import BASE_DIR, die_with_parent, tied

TIMEOUT_SECS = 120.0
MANAGE = str(BASE_DIR / "manage.py")


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Program:
    """A program that runs, to be handled as one of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket, args: Sequence[str]) -> None:
        self._connection, self.args = connection, args
        self._told = connection.makefile("rb")
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, once it has; raises subprocess.TimeoutExpired where it does not in time."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self.args), timeout or 0.0)
            self.returncode = int(self._told.readline() or -signal.SIGKILL)  # nothing: all was ended at once
            self._told.close()
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended, and has not told yet
                os.kill(self.pid, number)

    def send_group(self, number: int) -> None:
        """Send a signal to all of its group: a worker's job, too."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def kill_family(self) -> None:
        """Kill it and what it has forked: the job of a worker is in a group of its own."""
        if self.poll() is None:
            self.send_signal(signal.SIGSTOP)  # it forks no more
            with suppress(psutil.NoSuchProcess):
                for process in psutil.Process(self.pid).children(recursive=True):
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
            self.kill()
        self.wait()

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Commands:
    """Runs programs in an environment; from any thread, several at once. They end with it."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._folder = folder
        self._socket = folder / f"{uuid4().hex[:8]}.sock"
        command = [sys.executable, "-m", "tests.commands", str(self._socket)]
        self._process = subprocess.Popen(tied(command), env=env, cwd=BASE_DIR, start_new_session=True)
        wait(lambda: self._socket.exists() or self._process.poll() is not None, "manage.py", timeout_secs=TIMEOUT_SECS)

    def run(self, *args: str) -> str:
        """Run a command of manage.py, and return what it printed; raises AssertionError when it fails."""
        ended = self.ended(*args)
        assert ended.code == 0, ended.err
        return ended.out

    def ended(self, *args: str) -> Ended:
        """Run a command of manage.py that may fail."""
        out, err = (self._folder / f"{uuid4().hex}.{name}" for name in ("out", "err"))
        code = self._start([MANAGE, *args], out, err).wait(timeout=TIMEOUT_SECS)
        return Ended(code, out.read_text(), err.read_text())

    def start(self, args: Sequence[str], log: Path, *, imports: str = "") -> Program:
        """Start a program in a group of its own, by the arguments that Python would be given.

        What is to be imported before it begins is there in each process that it forks, too.
        """
        log.touch()
        return self._start(args, log, log, imports=imports)

    def stop(self) -> None:
        """End the process, and what runs in its forks."""
        self._process.terminate()
        self._process.wait(timeout=TIMEOUT_SECS)

    def _start(self, args: Sequence[str], out: Path, err: Path, *, imports: str = "") -> Program:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._socket))
        wanted = {"args": args, "out": str(out), "err": str(err), "imports": imports}
        connection.sendall(json.dumps(wanted).encode() + b"\n")
        return Program(connection, args)


def serve(path: str) -> list[str]:
    """Fork for each connection, without end; returns, in the fork, the arguments of the program that it is to be."""
    import django

    django.setup()
    gc.freeze()  # a look for garbage would copy all of it into each fork
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries those that have ended
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}~")
        listener.listen(100)
        Path(f"{path}~").rename(path)  # whoever sees it can connect
        while True:
            connection, _ = listener.accept()
            if not os.fork():
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    die_with_parent(signal.SIGTERM)
    wanted = json.loads(connection.makefile().readline())
    if program := os.fork():
        _tell_end_of(program, connection)
    os.setsid()
    connection.sendall(b"%d\n" % os.getpid())  # whoever hears of it may end its group
    connection.close()
    return _become(wanted)


def _tell_end_of(program: int, connection: socket.socket) -> None:
    """Say how a process ends, and end."""
    try:
        _, status = os.waitpid(program, 0)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    finally:
        os._exit(0)


def _become(wanted: dict[str, str | list[str]]) -> list[str]:
    """Be a process as subprocess makes one."""
    die_with_parent(signal.SIGTERM)
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        with Path(str(wanted[name])).open("ab") as file:
            os.dup2(file.fileno(), stream.fileno())
    if wanted["imports"]:
        importlib.import_module(str(wanted["imports"]))
    return list(wanted["args"])


def as_python(args: list[str]) -> None:
    """Do what Python does with these arguments: a file, `-m` and a module, or `-c` and a text."""
    first, *rest = args
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = args
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    as_python(serve(sys.argv[1]))
