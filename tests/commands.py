"""Commands of manage.py, each in a fork of one process that has started Django: that takes a second, a fork hundredths.

As a program (`python -m tests.commands SOCKET`) it is that process: it reads a JSON object a connection, forks, and
answers with the exit code.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from cdp.embedded import wait
from cdp.processes import BASE_DIR, tied

TIMEOUT_SECS = 120.0


class Commands:
    """Runs commands in an environment; from any thread, several at once."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "commands.sock"
        command = [sys.executable, "-m", "tests.commands", str(self._socket)]
        self._process = subprocess.Popen(tied(command), env=env, cwd=BASE_DIR, start_new_session=True)
        wait(lambda: self._socket.exists() or self._process.poll() is not None, "manage.py", timeout_secs=60)

    def run(self, *args: str) -> str:
        """Run a command, and return what it printed; raises AssertionError when it fails."""
        out, err = (self._folder / f"{uuid4().hex}.{name}" for name in ("out", "err"))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_SECS)
            connection.connect(str(self._socket))
            connection.sendall(json.dumps({"args": args, "out": str(out), "err": str(err)}).encode() + b"\n")
            code = connection.makefile().readline()
        assert code == "0\n", err.read_text()
        return out.read_text()

    def stop(self) -> None:
        """End the process; whoever it has forked goes on."""
        self._process.terminate()
        self._process.wait(timeout=20)


def serve(path: str) -> None:
    """Run a fork for each connection, without end."""
    import django

    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries those that have ended
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}~")
        listener.listen()
        Path(f"{path}~").rename(path)  # whoever sees it can connect
        while True:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                _run(connection)
            connection.close()


def _run(connection: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        wanted = json.loads(connection.makefile().readline())
        for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
            with Path(wanted[name]).open("w") as file:
                os.dup2(file.fileno(), stream.fileno())
        code = _code_of(wanted["args"])
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(b"%d\n" % code)
    finally:
        os._exit(code)


def _code_of(args: list[str]) -> int:
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["manage.py", *args])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it was, whoever asked reads it
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
