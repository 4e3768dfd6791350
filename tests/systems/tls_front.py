"""TLS before a server that speaks none: what comes in is passed on."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.systems.certificates import Authority, Pair


@contextmanager
def tls_front(to: int, pair: Pair, *, clients: Authority | None = None) -> Iterator[int]:
    """Listen at a port with a certificate, and pass what comes on to another one; clients may have to show theirs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate_file, pair.key_file)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.file)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, context, to), daemon=True).start()
        yield listening.getsockname()[1]
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket, context: ssl.SSLContext, to: int) -> None:
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_pass_on, args=(plain, context, to), daemon=True).start()


def _pass_on(plain: socket.socket, context: ssl.SSLContext, to: int) -> None:
    try:
        secured = context.wrap_socket(plain, server_side=True)
    except OSError:
        plain.close()
        return
    beyond = socket.create_connection(("127.0.0.1", to))
    threading.Thread(target=_copy, args=(beyond, secured), daemon=True).start()
    _copy(secured, beyond)


def _copy(source: Any, target: Any) -> None:
    with suppress(OSError):
        while block := source.recv(65_536):
            target.sendall(block)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
