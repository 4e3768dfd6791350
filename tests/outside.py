"""Servers of others: real ones of HTTP on this machine, which remember what they were sent."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Handle = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Taken:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"
    peer: int = 0  # the port that it came from


@dataclass
class Outside:
    """A server; `status` is what it answers, and `handle` answers in its place."""

    port: int
    status: int = 200
    handle: Handle | None = None
    taken: list[Taken] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def outside(*, port: int = 0, certificate: Path | None = None, keeps: bool = False) -> Iterator[Outside]:
    """Run a server, on a port of its own unless one is named; with a certificate it speaks TLS, and it may keep
    connections open.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keeps else "HTTP/1.0"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            handle, status = found.handle, found.status  # whoever sees what was taken may change how others fare
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.taken.append(Taken(self.path, headers, body, self.command, self.client_address[1]))
            if handle:
                handle(self)
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_GET = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # many may come at once, and a busy machine lets them wait

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # whoever asked went away

    server = Server(("127.0.0.1", port), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    found = Outside(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
