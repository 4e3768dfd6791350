"""A load generator: many keep-alive connections, each sending its next request when the last one is answered.

Run as a process of its own (`python -m bench.load HOST PORT ...`), so that what it costs is measured with the rest.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

CONNECTIONS = 32
EVENTS_PER_SESSION = 10


@dataclass(slots=True)
class Outcome:
    """What a run saw: counts of answers by status, and how long each took in milliseconds."""

    secs: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Condense to {per_sec, n_ok, n_failed, p50_ms, p99_ms}."""
        ordered = sorted(self.latencies_ms) or [0.0]
        n_ok = sum(count for status, count in self.statuses.items() if 200 <= status < 300)
        return {
            "per_sec": round(n_ok / self.secs, 1),
            "n_ok": n_ok,
            "n_failed": sum(self.statuses.values()) - n_ok,
            "p50_ms": round(ordered[len(ordered) // 2], 2),
            "p99_ms": round(ordered[len(ordered) * 99 // 100], 2),
        }


def page_views(source: str) -> Iterator[bytes]:
    """Make `/track` bodies of one page view each, as a browser tracker sends them; a new visitor every ten events."""
    context = {
        "time": {"local": "11/23/2026, 10:00:00 AM", "tz": "Europe/Berlin"},
        "browser": {
            "local": {
                "browser": {
                    "name": "Netscape",
                    "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                    "Chrome/142.0.0.0 Safari/537.36",
                    "language": "de-DE",
                },
                "device": {"platform": "Win32"},
            }
        },
        "screen": {"local": {"width": 1920, "height": 1080, "colorDepth": 24}},
    }
    while True:
        session = str(uuid4())
        for page in range(EVENTS_PER_SESSION):
            url = f"https://shop.example/products/{page}"
            event = {
                "type": "page-view",
                "properties": {"category": "products", "id": str(page)},
                "context": {"page": {"url": url, "path": f"/products/{page}", "title": f"Product {page}"}},
            }
            body = {"source": {"id": source}, "session": {"id": session}, "context": context, "events": [event]}
            yield json.dumps(body).encode()


def asking_views(source: str) -> Iterator[bytes]:
    """Make the bodies of `page_views` of senders who ask what flows answer."""
    for body in page_views(source):
        yield body.replace(b"{", b'{"options": {"answer": true}, ', 1)


def sdk_messages(source: str) -> Iterator[bytes]:
    """Make `/v1/track` bodies of one message each, as a server-side SDK sends them."""
    while True:
        user = str(uuid4())
        for number in range(EVENTS_PER_SESSION):
            message = {
                "type": "track",
                "messageId": str(uuid4()),
                "writeKey": source,
                "userId": user,
                "event": "Lesson Finished",
                "properties": {"id": str(number), "status": "completed", "revenue": 12.5, "currency": "EUR"},
                "context": {"library": {"name": "bench", "version": "1"}},
            }
            yield json.dumps(message).encode()


BODIES = {"page_views": page_views, "asking_views": asking_views, "sdk_messages": sdk_messages}


class _Connection:
    """One keep-alive connection and the request it waits for."""

    def __init__(self, address: tuple[str, int], path: str, bodies: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
        self._bodies = bodies
        self._received = b""
        self._sent_at = 0.0

    def send(self) -> None:
        body = next(self._bodies)
        self._received = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(f"{self._head}{len(body)}\r\n\r\n".encode() + body)

    def receive(self) -> tuple[int, float] | None:
        """Read what is there; once the answer is complete return its status and how long it took."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self._received += chunk
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        start = head.lower().find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(body) < length:
            return None
        return int(head[9:12]), (time.perf_counter() - self._sent_at) * 1000


def run(address: tuple[str, int], path: str, bodies: Iterator[bytes], *, secs: float) -> Outcome:
    """Send for that long on all connections and return what came back."""
    outcome = Outcome()
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        connection = _Connection(address, path, bodies)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send()
    started = time.perf_counter()
    end, n_waiting = started + secs, CONNECTIONS
    while n_waiting:
        for key, _ in selector.select(timeout=30):
            answer = key.data.receive()
            if answer is None:
                continue
            status, latency_ms = answer
            outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
            outcome.latencies_ms.append(latency_ms)
            if time.perf_counter() < end:
                key.data.send()
            else:
                selector.unregister(key.data.socket)
                key.data.socket.close()
                n_waiting -= 1
    outcome.secs = time.perf_counter() - started
    return outcome


def main() -> None:
    """Run from the command line: HOST PORT PATH SECONDS BODIES SOURCE; prints the summary as JSON."""
    host, port, path, secs, kind, source = sys.argv[1:]
    outcome = run((host, int(port)), path, BODIES[kind](source), secs=float(secs))
    print(json.dumps(outcome.summary()))


if __name__ == "__main__":
    main()
