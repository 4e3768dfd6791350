"""A NATS server of a test's own, with JetStream, which can be told to start anew, or to hang."""

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from cdp.processes import BASE_DIR, tied
from tests.live import free_port, wait_for
from tests.systems import hanging, needs

SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"  # of nobody: it is in the documentation of NATS
PUBLIC = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
USERS = f"""
authorization {{
  users = [
    {{user: anna, password: sesame}}
    {{user: stranger, password: strange, permissions: {{publish: "other.>", subscribe: "_INBOX.>"}}}}
    {{user: half, password: strange, permissions: {{
      publish: ["$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.INFO.>"], subscribe: "_INBOX.>"
    }}}}
    {{nkey: {PUBLIC}}}
  ]
}}
"""


class NatsServer:
    """A server that keeps its streams, also when it is killed."""

    def __init__(self, folder: Path, config: str, *, has_jetstream: bool = True) -> None:
        self.port, self._folder = free_port(), folder
        self._binary = needs("nats-server", package="nats-server")
        folder.mkdir(exist_ok=True)
        store = f'jetstream {{store_dir: "{folder}/store"}}\n' if has_jetstream else ""
        self._config = folder / "nats.conf"
        self._config.write_text(f"listen: 127.0.0.1:{self.port}\n{store}{config}")

    def start(self) -> None:
        """Start it, and return when it listens."""
        with (self._folder / "nats.log").open("ab") as log:
            command = tied([self._binary, "-c", str(self._config)])
            self._process = subprocess.Popen(command, cwd=BASE_DIR, stdout=log, stderr=log)
        wait_for(self._listens, "NATS")

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

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            return connection.recv(4) == b"INFO"
        return False

    def ask(self, what: str, said: Any = None) -> dict[str, Any]:
        """Ask JetStream, as anna."""

        async def asked(client: Client) -> bytes:
            body = b"" if said is None else json.dumps(said).encode()
            return (await client.request(f"$JS.API.{what}", body, timeout=5)).data

        answer: dict[str, Any] = json.loads(self._as_anna(asked))
        return answer

    def publish(self, bodies: Sequence[bytes], *, subject: str = "orders.new", **headers: str) -> None:
        """Publish messages in this order, and return when the server has kept them all."""

        async def published(client: Client) -> None:
            for body in bodies[:-1]:
                await client.publish(subject, body, headers=headers or None)
            await client.request(subject, bodies[-1], headers=headers or None, timeout=5)

        self._as_anna(published)

    def make_stream(self, name: str = "orders") -> None:
        """Make a stream anew."""
        self.ask(f"STREAM.DELETE.{name}")
        made = self.ask(f"STREAM.CREATE.{name}", {"name": name, "subjects": [f"{name}.>"]})
        assert "error" not in made, made

    def _as_anna(self, work: Any) -> Any:
        async def done() -> Any:
            client = Client()
            await client.connect(f"nats://127.0.0.1:{self.port}", user="anna", password="sesame", allow_reconnect=False)
            try:
                return await work(client)
            finally:
                await client.close()

        return asyncio.run(done())


@contextmanager
def nats_server(folder: Path, config: str = USERS, **options: Any) -> Iterator[NatsServer]:
    """Run one in a folder."""
    server = NatsServer(folder, config, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
