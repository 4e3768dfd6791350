"""supervisord as a child of `manage.py up`: what it runs is kept running, and what does not run is told."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from xmlrpc.client import Error, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from apps.console.leftovers import MARK
from apps.console.supervision import Program, control_socket, write_config
from cdp.processes import BASE_DIR, tied

LOOK_SECS = 5.0  # between two looks at what runs
AND_WAIT = False  # whether to wait until it runs
# supervisord waits before it starts such a program again, or has given it up.
TROUBLED = ("BACKOFF", "FATAL")


class Supervisor:
    """A running supervisord: it ends when we do, and its processes end with it."""

    def __init__(self, var: Path, running: list[Program]) -> None:
        self._var = var
        self._troubled: set[str] = set()
        conf = write_config(var, running)
        self._child = subprocess.Popen(
            tied([sys.executable, "-m", "supervisor.supervisord", "-c", str(conf)]),
            cwd=BASE_DIR,
            env={**os.environ, MARK: str(var), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.DEVNULL,  # it has a log of its own
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in order
            umask=0o027,  # logs are for the owner, and for a group that reads them
        )
        address = f"unix://{control_socket(var)}"
        self._control: Any = ServerProxy("http://unix", transport=SupervisorTransport(serverurl=address))

    def start_web(self) -> None:
        """Start the web server, which needed the database to be ready."""
        self._control.supervisor.startProcess("roles:web", AND_WAIT)

    def start_roles(self) -> None:
        """Start all that needed the database to be ready, and does not run yet."""
        self._control.supervisor.startProcessGroup("roles", AND_WAIT)

    def wait(self, *, tell: Callable[[str], object]) -> int:
        """Return supervisord's exit code when it ends; tell meanwhile what does not run, and when it does again."""
        while True:
            try:
                return self._child.wait(timeout=LOOK_SECS)
            except subprocess.TimeoutExpired:
                with suppress(Error, OSError):  # it is about to end
                    self.look(tell=tell)

    def look(self, *, tell: Callable[[str], object]) -> None:
        """Tell what has changed since the last look; what was given up is tried again, for ever."""
        for program in self._control.supervisor.getAllProcessInfo():
            name, state = program["name"], program["statename"]
            if state in TROUBLED and name not in self._troubled:
                self._troubled.add(name)
                tell(
                    f"{name} does not stay up, and is tried again and again; why is in {self._var / 'log' / name}.log."
                )
            elif state == "RUNNING" and name in self._troubled:
                self._troubled.remove(name)
                tell(f"{name} runs again.")
            if state == "FATAL":
                self._control.supervisor.startProcess(f"{program['group']}:{name}", AND_WAIT)

    def stop(self) -> None:
        """Stop all processes and return when they have ended."""
        if self._child.poll() is None:
            self._child.terminate()
            self._child.wait(timeout=90)


@contextmanager
def supervised(var: Path, running: list[Program]) -> Iterator[Supervisor]:
    """Run the programs that start first, and stop all of them at the end, however it comes."""
    supervisor = Supervisor(var, running)
    try:
        yield supervisor
    finally:
        supervisor.stop()
