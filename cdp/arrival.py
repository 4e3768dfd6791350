"""Bodies arrive before a request takes a place among those that are worked on; and they have only so long to arrive.

The web server reads a body on the thread that serves its request, and waits for it without end. So there are many more
threads than places: whoever sends slowly holds a thread, which costs little. Connections of those who send too slowly
are closed; nothing of their requests has happened.
"""

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from django.conf import settings
from django.db import connections

if TYPE_CHECKING:
    from wsgiref.types import InputStream, WSGIEnvironment

PLACES = 16  # requests that a process works on at a time
THREADS = 256  # of a process: the others wait for bodies, or for a place
HEADER_SECS = 15.0  # for the head of a request, and between two of them on one connection
STALL_SECS = 10.0  # between two parts of a body
CROWDED_SECS = 2.0  # the same while half of the threads wait for bodies
BODY_SECS = 60.0  # for all of it

METHODS = ("POST", "PUT", "PATCH", "DELETE")
TCP_TIMES = struct.Struct("=44xI4xI")  # of Linux's tcp_info: milliseconds since something was sent, and received


class Late(Exception):
    """The body did not arrive, or not in time."""


Sender = tuple[str, str]  # their address, and our port

_places: SimpleQueue[None] = SimpleQueue()
for _ in range(PLACES):
    _places.put(None)
# By thread: whose body or request, and since when.
_reading: dict[int, tuple[Sender, float]] = {}
_working: dict[int, tuple[Sender, float]] = {}
_watching = threading.Lock()
_kept: WeakSet[Any] = WeakSet()


def sender_of(environ: "WSGIEnvironment") -> Sender:
    """Name who sends a request."""
    return environ.get("REMOTE_ADDR", ""), environ["SERVER_PORT"]


@contextmanager
def place(sender: Sender) -> Iterator[None]:
    """Wait for a place, and give it back."""
    thread = threading.get_ident()
    _working[thread] = sender, time.monotonic()
    _places.get()
    try:
        yield
    finally:
        _places.put(None)
        del _working[thread]


def receive(environ: "WSGIEnvironment") -> None:
    """Read the body of a request, and put it where Django looks for it. Raises Late.

    One of unknown length (a chunked one) is measured: Django would read none of it. One that is too long for memory is
    left to Django, which refuses it unread or writes it into a file; it gives its place away while it waits for parts.
    """
    if environ["REQUEST_METHOD"] not in METHODS:
        return
    stream, given, sender = environ["wsgi.input"], environ.get("CONTENT_LENGTH"), sender_of(environ)
    length = int(given) if given and given.isdecimal() else 0
    if length > settings.MAX_BODY_BYTES:
        environ["wsgi.input"] = _Parts(stream, sender)
    elif length:
        body = _read(stream, length, sender)
        if len(body) < length:
            raise Late
        environ["wsgi.input"] = BytesIO(body)
    elif given is None and environ.get("wsgi.input_terminated"):
        began_at = time.monotonic()
        body = _read(stream, settings.MAX_BODY_BYTES + 1, sender)
        if time.monotonic() - began_at > STALL_SECS:  # cut off or not: such a body does not say whether it is whole
            raise Late
        environ["CONTENT_LENGTH"], environ["wsgi.input"] = str(len(body)), BytesIO(body)


def keep_few_connections(**_signal: Any) -> None:
    """Close the thread's connection to the database when PLACES others keep theirs: there are too many threads."""
    for database in connections.all(initialized_only=True):
        if database.connection is None or database in _kept:
            continue
        if sum(kept.connection is not None for kept in _kept) < PLACES:
            _kept.add(database)
        else:
            database.close()


class _Parts:
    """A long body, read in parts by who has a place; it goes to others meanwhile."""

    def __init__(self, stream: "InputStream", sender: Sender) -> None:
        self._stream = stream
        self._sender = sender

    def read(self, size: int = -1) -> bytes:
        """Read as much as is asked for, or all there is."""
        working = _working.pop(threading.get_ident())
        _places.put(None)
        try:
            return _read(self._stream, size, self._sender)
        finally:
            _working[threading.get_ident()] = working
            _places.get()

    def readline(self, size: int = -1) -> bytes:
        """Read a part as if it were a line: who parses forms asks only for parts."""
        return self.read(size)


def _read(stream: "InputStream", size: int, sender: Sender) -> bytes:
    thread = threading.get_ident()
    _reading[thread] = sender, time.monotonic()
    # By the first body: a server may fork its workers before, and threads do not survive a fork.
    if not _watching.locked() and hasattr(socket, "TCP_INFO") and _watching.acquire(blocking=False):
        threading.Thread(target=_watch, name="arrival", daemon=True).start()
    try:
        return stream.read(size)
    finally:
        del _reading[thread]


def _watch() -> None:
    while True:
        time.sleep(1)
        stall_secs = STALL_SECS if len(_reading) < THREADS // 2 else CROWDED_SECS
        slow = _older_than(_reading, stall_secs)
        if slow:
            # A connection on which all is quiet since its request is being worked on looks the same.
            _close_slow(slow - _older_than(_working, stall_secs - 1), stall_secs=stall_secs)


def _older_than(what: dict[int, tuple[Sender, float]], secs: float) -> set[Sender]:
    now = time.monotonic()
    return {sender for sender, since in list(what.values()) if now - since > secs}


def _close_slow(senders: set[Sender], *, stall_secs: float) -> None:
    """Close the connections of these senders who wait for no answer of ours, and have let us wait too long."""
    with suppress(OSError):  # where no more files can be opened, until the next time
        for path in Path("/dev/fd").iterdir():
            with suppress(OSError), _handle(int(path.name)) as connection:  # it is none, or is gone
                if _sender(connection) in senders and _is_slow(connection, stall_secs=stall_secs):
                    connection.shutdown(socket.SHUT_RDWR)


def _handle(file: int) -> socket.socket:
    """Return a handle of our own to a connection: it stays what it is when the server closes its own."""
    own = os.dup(file)
    try:
        return socket.socket(fileno=own)
    except OSError:
        os.close(own)
        raise


def _sender(connection: socket.socket) -> Sender | None:
    peer, own = connection.getpeername(), connection.getsockname()
    return (peer[0], str(own[1])) if isinstance(peer, tuple) and isinstance(own, tuple) else None


def _is_slow(connection: socket.socket, *, stall_secs: float) -> bool:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_TIMES.size)
    sent_secs, received_secs = (float(msecs) / 1000 for msecs in TCP_TIMES.unpack(info))  # ago
    spoke_last = received_secs <= sent_secs
    return spoke_last and (received_secs > stall_secs or sent_secs > HEADER_SECS + BODY_SECS)
