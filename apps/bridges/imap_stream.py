"""How an IMAP server is listened to: at an address that was checked, no longer than it may take, and no more than fits.

A time-out of a socket is one for each byte: who sends one now and then would be listened to for ever.
"""

import imaplib
import select
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from apps.core import egress
from apps.core.egress import NoTls

MOST_LINE: Final = 32_000_000  # bytes: the UIDs of some millions of mails come in one line
CHUNK: Final = 65_536
KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


class TooMuch(OSError):
    """A server says more than was asked for."""


class Stream:
    """What `imaplib` reads: lines and literals, within the time that is allowed."""

    def __init__(self, sock: socket.socket, *, secs: float) -> None:
        self.sock = sock
        self.most = MOST_LINE  # bytes of a literal
        self._buffer = bytearray()
        self._is_over = False
        self.allow(secs)

    def allow(self, secs: float) -> None:
        """Let what follows take so long, all in all."""
        self._ends_at = time.monotonic() + secs

    def left(self) -> float:
        """Return how many seconds are left. Raises TimeoutError where there are none."""
        secs = self._ends_at - time.monotonic()
        if secs <= 0:
            raise TimeoutError
        return secs

    def readline(self, _limit: int = -1) -> bytes:
        """Return a line with its end, or what there is where the server has left."""
        looked_at = 0
        while (end := self._buffer.find(b"\n", looked_at)) < 0 and not self._is_over:
            looked_at = len(self._buffer)
            if looked_at > MOST_LINE:
                raise TooMuch("It says too much.")
            self._receive()
        return self._taken(end + 1 if end >= 0 else len(self._buffer))

    def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer where the server has left."""
        if size > self.most:
            raise TooMuch("It says too much.")
        while len(self._buffer) < size and not self._is_over:
            self._receive()
        return self._taken(size)

    def has_said(self, secs: float) -> bool:
        """Wait so long for anything that the server says of itself."""
        if self._buffer or self._is_over or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        poller = select.poll()
        poller.register(self.sock.fileno(), select.POLLIN)
        return bool(poller.poll(max(0.0, secs) * 1_000))

    def close(self) -> None:
        """Keep nothing; whoever has the socket closes it."""
        self._buffer.clear()
        self._is_over = True

    def _receive(self) -> None:
        self.sock.settimeout(self.left())
        said = self.sock.recv(CHUNK)
        self._is_over = not said
        self._buffer += said

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


class Protocol(imaplib.IMAP4):
    """`imaplib` over such a stream, with a socket that is connected already."""

    file: Any  # a Stream

    def __init__(self, host: str, sock: socket.socket, *, secs: float) -> None:
        self._connected, self._secs = sock, secs
        super().__init__(host)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Take the socket."""
        self.host, self.port, self.sock = host, port, self._connected
        self.file = Stream(self.sock, secs=self._secs)

    def readline(self) -> bytes:
        """Read a line, of whatever length a server may need."""
        line: bytes = self.file.readline()
        return line

    def send(self, data: Any) -> None:
        """Send, within the time that is left."""
        self.sock.settimeout(self.file.left())
        self.sock.sendall(data)

    def turn_to_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on; what was said before is forgotten. Raises NoTls."""
        if "STARTTLS" not in self.capabilities:
            raise NoTls(f"{host} does not offer to turn to TLS (STARTTLS).")
        typ, _ = self._simple_command("STARTTLS")
        if typ != "OK":
            raise NoTls(f"{host} does not turn to TLS.")
        secs = self.file.left()
        self.sock = egress.secured(self.sock, host, context=context)
        self.file = Stream(self.sock, secs=secs)
        self._get_capabilities()


def connected(host: str, port: int, addresses: Sequence[str], *, secs: float) -> socket.socket:
    """Connect to one of the addresses of a host, and let the system notice when it is gone. Raises NoConnection."""
    sock = egress.connected(host, port, addresses, secs=min(secs, egress.CONNECT_SECS))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        with suppress(AttributeError, OSError):  # not all systems have them
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    sock.settimeout(secs)
    return sock
