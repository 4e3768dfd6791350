"""A Valkey of a test's own: one that can be killed, or whose queues nobody else works on."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from cdp import embedded
from cdp.processes import BASE_DIR, tied


class Valkey:
    """A server that can be killed."""

    def __init__(self, var: Path) -> None:
        self._var, self.url = var, embedded.redis_url(var)
        self.client: Redis = Redis.from_url(self.url)

    def start(self) -> None:
        self._process = subprocess.Popen(
            tied(embedded.valkey_command(self._var)), cwd=BASE_DIR, stdout=subprocess.DEVNULL
        )
        embedded.wait(self._answers, "Valkey", timeout_secs=60)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


@contextmanager
def own_valkey(var: Path) -> Iterator[Valkey]:
    valkey = Valkey(var)
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.kill()
