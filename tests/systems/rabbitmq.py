"""RabbitMQ, in a folder and at ports of its own: nothing of it lands elsewhere, and no other Erlang is asked."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pika
from pika.exceptions import AMQPError

from apps.console.ports import answers
from tests.live import free_port, wait_for
from tests.systems import hanging, needs
from tests.systems.certificates import Authority

HOST = "hook.example"  # of its certificate
PASSWORD = "open sesame"
START_SECS = 90.0


class Rabbit:
    """A broker: `anna` may do everything in `/`, `nosy` may enter and read nothing, `cdp.client` has a certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.authority = Authority(folder)
        self.client = self.authority.sign("cdp.client")
        self._dist_port = free_port()
        self._write()

    def start(self) -> None:
        """Start it, and return when it lets us in."""
        program = needs("rabbitmq-server", package="rabbitmq-server")
        script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # what Debian puts before it runs as another user
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(script) if script.exists() else program],
                env=self._env(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self._is_ready, "RabbitMQ", timeout_secs=START_SECS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it in order, or by another signal."""
        os.killpg(self.process.pid, number)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def restart(self) -> None:
        """End it in order, and start it anew with what it has kept."""
        self.stop()
        self.start()

    def hanging(self) -> AbstractContextManager[None]:
        """Let it take connections, and answer nobody."""
        return hanging(self.process)

    @contextmanager
    def entered(self) -> Iterator[Any]:
        """Open a channel as anna, to prepare and to look."""
        plain = pika.PlainCredentials("anna", PASSWORD)
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, credentials=plain))
        with connection, connection.channel() as channel:
            yield channel

    def publish(self, queue: str, bodies: Sequence[bytes], **properties: Any) -> None:
        """Send messages that it keeps, and return when it has them."""
        with self.entered() as channel:
            channel.tx_select()
            for body in bodies:
                kept = pika.BasicProperties(delivery_mode=2, **properties)
                channel.basic_publish("", queue, body, kept)
            channel.tx_commit()

    def declare(self, queue: str, **arguments: Any) -> str:
        """Make a queue that outlives the broker, empty."""
        with self.entered() as channel:
            channel.queue_declare(queue, durable=True, arguments=arguments)
            channel.queue_purge(queue)
        return queue

    def n_ready(self, queue: str) -> int:
        """Count what waits for whoever comes."""
        with self.entered() as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2_000:]
        if not (answers("127.0.0.1", self.port) and answers("127.0.0.1", self.tls_port)):
            return False
        with suppress(AMQPError), self.entered():  # one that starts after a crash listens before it lets anybody in
            return True
        return False

    def _env(self) -> dict[str, str]:
        home = str(self.folder / "home")
        return {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/bin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"cdp{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.folder / "feature_flags"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            # One node alone needs none that maps names of nodes to ports, which all on a machine would share.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-start_epmd false -erl_epmd_port {self._dist_port}"
            " -setcookie ofatest -kernel inet_dist_use_interface {127,0,0,1} +S 1:1"
            # Its threads look for work for a while before they sleep, which others could use.
            " +sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def _write(self) -> None:
        for name in ("home", "data", "logs"):
            (self.folder / name).mkdir()
        (self.folder / "plugins").write_text("[rabbitmq_auth_mechanism_ssl].\n")
        host = self.authority.sign(HOST)
        lines = {
            "listeners.tcp.1": f"127.0.0.1:{self.port}",
            "listeners.ssl.1": f"127.0.0.1:{self.tls_port}",
            "ssl_options.cacertfile": self.authority.file,
            "ssl_options.certfile": host.certificate_file,
            "ssl_options.keyfile": host.key_file,
            "ssl_options.verify": "verify_peer",
            "ssl_options.fail_if_no_peer_cert": "false",
            "ssl_cert_login_from": "common_name",
            "auth_mechanisms.1": "PLAIN",
            "auth_mechanisms.2": "EXTERNAL",
            "load_definitions": self.folder / "definitions.json",
            "log.file": "false",
            "log.console": "true",
            "log.console.level": "warning",
        }
        (self.folder / "rabbitmq.conf").write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        (self.folder / "definitions.json").write_text(json.dumps(_definitions()))


def _definitions() -> dict[str, Any]:
    users = [{"name": name, "password": PASSWORD, "tags": ""} for name in ("anna", "nosy", "lost", "cdp.client")]
    rights = [
        {"user": user, "vhost": "/", "configure": right, "write": right, "read": right}
        for user, right in (("anna", ".*"), ("cdp.client", ".*"), ("nosy", "^$"))
    ]
    return {"users": users, "vhosts": [{"name": "/"}], "permissions": rights}


@contextmanager
def rabbitmq_server() -> Iterator[Rabbit]:
    """Run a broker; nothing of it is left behind."""
    needs("rabbitmq-server", package="rabbitmq-server")
    with tempfile.TemporaryDirectory(prefix="cdp-rabbit-") as folder:
        rabbit = Rabbit(Path(folder))
        rabbit.start()
        try:
            yield rabbit
        finally:
            rabbit.stop(signal.SIGKILL)
