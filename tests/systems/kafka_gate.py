"""A gate before the real broker, which speaks neither TLS nor all ways to sign in: it does both, and lets pass.

It also says that the broker knows an older Fetch alone: of a topic that is deleted while it is read, tansu says what
the client library does not survive.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.systems.kafka import KafkaServer, kafka_server
from tests.systems.kafka_sign_in import SignIn

FETCH, HANDSHAKE, VERSIONS, AUTHENTICATE = 1, 17, 18, 36
MOST = {FETCH: 11, HANDSHAKE: 1, AUTHENTICATE: 0}
UNSUPPORTED_MECHANISM, UNSUPPORTED_VERSION, REFUSED = 33, 35, 58


@dataclass(frozen=True, eq=False)
class Rule:
    """Who may pass: anybody, or who signs in by this mechanism, by one of these passwords or tokens."""

    context: ssl.SSLContext | None = None
    mechanism: str = ""
    secrets: dict[str, str] = field(default_factory=dict)  # passwords by user, or users by token


@dataclass
class Gate:
    """A gate, and the rule by which it lets pass."""

    listener: socket.socket
    broker: KafkaServer
    rule: Rule = field(default_factory=Rule)
    connections: list[Any] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)

    @property
    def servers(self) -> str:
        return f"localhost:{self.listener.getsockname()[1]}"

    def let_in(
        self, *, context: ssl.SSLContext | None = None, mechanism: str = "", secrets: dict[str, str] | None = None
    ) -> None:
        """Let in who comes so from now on, and nobody any more who is in."""
        self.rule = Rule(context, mechanism, secrets or {})
        self.cut()
        self.signed_in.clear()

    def cut(self) -> None:
        """Break all connections off."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                plain, _ = self.listener.accept()
                threading.Thread(target=self._take, args=(plain,), daemon=True).start()

    def _take(self, plain: socket.socket) -> None:
        rule = self.rule
        with plain, suppress(OSError, EOFError, struct.error):
            client = rule.context.wrap_socket(plain, server_side=True) if rule.context else plain
            with client, socket.create_connection(("127.0.0.1", self.broker.port)) as upstream:
                self.connections += [client, upstream]
                # Who was about to come in when the rule changed may have been too late to be cut off.
                if rule is self.rule and self._lets_in(rule, client, upstream):
                    threading.Thread(target=pump, args=(upstream, client), daemon=True).start()
                    pump(client, upstream)

    def _lets_in(self, rule: Rule, client: Any, upstream: socket.socket) -> bool:
        """Answer what comes before the first request that is the broker's to answer, and pass that one on."""
        sign_in = SignIn(rule.mechanism, rule.secrets)
        while True:
            frame = received(client)
            key, version, number = struct.unpack(">hhi", frame[:8])
            if key == VERSIONS:
                answer(client, number, versions(upstream, frame) if version == 0 else unsupported())
            elif key == HANDSHAKE:
                wanted = text_at(frame, after_client(frame))
                error = 0 if wanted == rule.mechanism else UNSUPPORTED_MECHANISM
                known = rule.mechanism.encode()
                answer(client, number, struct.pack(f">hih{len(known)}s", error, 1, len(known), known))
            elif key == AUTHENTICATE:
                said = sign_in.answer(frame[after_client(frame) + 4 :])
                if said is None:
                    answer(client, number, struct.pack(">hhi", REFUSED, -1, 0))
                    return False
                answer(client, number, struct.pack(f">hhi{len(said)}s", 0, -1, len(said), said))
                self.signed_in += [sign_in.user] if sign_in.is_done else []
            elif rule.mechanism and not sign_in.is_done:
                return False
            else:
                upstream.sendall(struct.pack(">i", len(frame)) + frame)
                return True


def versions(upstream: socket.socket, frame: bytes) -> bytes:
    """Ask the broker which requests it knows, and leave out what is too new."""
    upstream.sendall(struct.pack(">i", len(frame)) + frame)
    said = received(upstream)[4:]
    [n] = struct.unpack(">i", said[2:6])
    known = {key: (least, most) for key, least, most in struct.iter_unpack(">hhh", said[6 : 6 + 6 * n])}
    known |= {HANDSHAKE: (0, 1), AUTHENTICATE: (0, 0)}
    rows = [struct.pack(">hhh", key, low, min(high, MOST.get(key, high))) for key, (low, high) in known.items()]
    return struct.pack(">hi", 0, len(rows)) + b"".join(rows)


def unsupported() -> bytes:
    """Let the client ask again, in the oldest way."""
    return struct.pack(">hihhh", UNSUPPORTED_VERSION, 1, VERSIONS, 0, 0)


def after_client(frame: bytes) -> int:
    [n] = struct.unpack(">h", frame[8:10])
    return 10 + max(n, 0)


def text_at(frame: bytes, at: int) -> str:
    [n] = struct.unpack(">h", frame[at : at + 2])
    return frame[at + 2 : at + 2 + n].decode()


def answer(client: Any, number: int, said: bytes) -> None:
    client.sendall(struct.pack(">ii", len(said) + 4, number) + said)


def received(connection: Any) -> bytes:
    """Read a frame, without its length."""
    return exactly(connection, struct.unpack(">i", exactly(connection, 4))[0])


def exactly(connection: Any, n: int) -> bytes:
    found = b""
    while len(found) < n:
        more = connection.recv(n - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def pump(one: Any, other: Any) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)


@contextmanager
def kafka_gate(folder: Path) -> Iterator[Gate]:
    """Run a broker behind a gate that lets everybody in."""
    listener = socket.create_server(("127.0.0.1", 0))
    servers = f"localhost:{listener.getsockname()[1]}"
    with listener, kafka_server(folder, advertised=servers) as broker:
        gate = Gate(listener, broker)
        thread = threading.Thread(target=gate.serve, daemon=True)
        thread.start()
        try:
            yield gate
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            gate.cut()
            thread.join()
