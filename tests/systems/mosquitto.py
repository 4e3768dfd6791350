"""Mosquitto, in a folder and at ports of its own."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from apps.console.ports import answers
from tests.live import free_port, wait_for
from tests.systems import hanging, needs
from tests.systems.certificates import Authority

HOST: Final = "hook.example"  # of its certificate
PASSWORD: Final = "open sesame"
PLUGIN: Final = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
START_SECS: Final = 30.0


class Mosquitto:
    """A broker: `anna` may do everything, `nosy` may not subscribe, `cdp.client` comes by its certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port, self.strict_port = free_port(), free_port(), free_port()
        self.authority = Authority(folder)
        self.client = self.authority.sign("cdp.client")
        self._write()

    def start(self) -> None:
        """Start it, and return when it listens."""
        program = needs("mosquitto", package="mosquitto")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-c", str(self.folder / "mosquitto.conf")], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(self._is_ready, "Mosquitto", timeout_secs=START_SECS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it in order, or by another signal."""
        self.process.send_signal(number)
        self.process.wait(timeout=30)

    def restart(self) -> None:
        """End it in order, and start it anew with what it has kept."""
        self.stop()
        self.start()

    def hanging(self) -> AbstractContextManager[None]:
        """Let it take connections, and answer nobody."""
        return hanging(self.process)

    def publish(
        self, topic: str, bodies: Sequence[bytes], *, qos: int = 1, retain: bool = False, **properties: Any
    ) -> None:
        """Send messages as anna, and return when it has them."""
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set("anna", PASSWORD)
        said: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        for name, value in properties.items():
            setattr(said, name, value)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        sent = [client.publish(topic, body, qos=qos, retain=retain, properties=said) for body in bodies]
        for each in sent:
            each.wait_for_publish(timeout=30)
        client.disconnect()
        client.loop_stop()

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2_000:]
        return all(answers("127.0.0.1", port) for port in (self.port, self.tls_port, self.strict_port))

    def _write(self) -> None:
        host = self.authority.sign(HOST)
        by_tls = [
            f"cafile {self.authority.file}",
            f"certfile {host.certificate_file}",
            f"keyfile {host.key_file}",
        ]
        lines = [
            "user root" if os.geteuid() == 0 else "",
            "per_listener_settings false",
            "allow_anonymous false",
            "persistence true",
            f"persistence_location {self.folder}/",
            f"plugin {PLUGIN}",
            f"plugin_opt_config_file {self.folder}/rights.json",
            "max_queued_messages 0",
            f"listener {self.port} 127.0.0.1",
            f"listener {self.tls_port} 127.0.0.1",
            *by_tls,
            f"listener {self.strict_port} 127.0.0.1",
            *by_tls,
            "require_certificate true",
            "use_identity_as_username true",
        ]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        (self.folder / "rights.json").write_text(json.dumps(_rights()))


def _rights() -> dict[str, Any]:
    salt = b"twelve bytes"
    digest = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 101)
    known = {
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": 101,
    }
    everything = ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
    return {
        "defaultACLAccess": dict.fromkeys(("publishClientSend", "subscribe"), False)
        | {"publishClientReceive": True, "unsubscribe": True},
        "clients": [
            {"username": "anna", **known, "roles": [{"rolename": "all"}]},
            {"username": "nosy", **known, "roles": []},
            {"username": "cdp.client", **known, "roles": [{"rolename": "all"}]},
        ],
        "roles": [{"rolename": "all", "acls": [{"acltype": each, "topic": "#", "allow": True} for each in everything]}],
    }


@contextmanager
def mosquitto_server() -> Iterator[Mosquitto]:
    """Run a broker; nothing of it is left behind."""
    needs("mosquitto", package="mosquitto")
    with tempfile.TemporaryDirectory(prefix="cdp-mosquitto-") as folder:
        broker = Mosquitto(Path(folder))
        broker.start()
        try:
            yield broker
        finally:
            broker.stop(signal.SIGKILL)
