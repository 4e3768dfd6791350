"""HTTP with many requests at once on one thread: libcurl does the work, and connects where the egress policy allows.

A name is resolved and checked here, and what was found is pinned: libcurl is told to which addresses the name leads,
and each socket that it opens is compared with these once more. It follows no redirect, and asks no proxy.
"""

import logging
import select
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import Any, Final

import pycurl

from apps.bridges import requests, verdicts
from apps.bridges.transport import Parcel, Reply, failed
from apps.bridges.transport.endpoint import Endpoint, Outgoing
from apps.bridges.verdicts import Verdict
from apps.core import egress
from apps.core.egress import MAX_ANSWER_BYTES, EgressError, Forbidden, Resolve

logger = logging.getLogger(__name__)
KEPT_BODY: Final = 4_000  # characters of an answer that stay with a delivery
FRESH_SECS: Final = 60.0  # then a name is resolved anew
DOUBT_SECS: Final = 2.0  # then one that could not be, too
# Of an answer, with the delivery: what helps to understand it, and never a cookie.
KEPT_HEADERS: Final = frozenset({"content-type", "retry-after", "x-request-id", "location", "server"})
_READS: Final = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_BROKEN: Final = select.EPOLLERR | select.EPOLLHUP


class _Exchange:
    """A handle of libcurl, and what it is busy with."""

    def __init__(self, opener: Any) -> None:
        self.parcel: Parcel
        self.body = bytearray()
        self.headers: dict[str, str] = {}
        self.began_at = 0.0
        self.curl = curl = pycurl.Curl()
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),  # or the environment might name one
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.TCP_NODELAY, 1),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.CAINFO, authorities()),
            (pycurl.USERAGENT, "cdp"),
            (pycurl.OPENSOCKETFUNCTION, opener),
            (pycurl.WRITEFUNCTION, self._on_body),
            (pycurl.HEADERFUNCTION, self._on_header),
        ):
            curl.setopt(option, value)

    def prepare(self, parcel: Parcel, endpoint: Endpoint, pins: list[str]) -> None:
        """Write the request."""
        request, curl = parcel.request, self.curl
        self.parcel, self.began_at = parcel, time.monotonic()
        self.body, self.headers = bytearray(), {}
        method, body = request.get("method", "POST"), request.get("body", "").encode()
        curl.setopt(pycurl.URL, endpoint.url(request.get("path", "")))
        curl.setopt(pycurl.HTTPGET, 1)  # what the last request asked for is over
        if method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        elif body or method in ("POST", "PUT", "PATCH"):
            curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.CUSTOMREQUEST, method)
        curl.setopt(pycurl.HTTPHEADER, _headers(parcel, endpoint, body))
        curl.setopt(pycurl.TIMEOUT_MS, int(endpoint.secs * 1_000))
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, int(min(endpoint.secs, egress.CONNECT_SECS) * 1_000))
        curl.setopt(pycurl.RESOLVE, pins)

    def reply(self, error: int, endpoint: Endpoint) -> Reply:
        """Say what became of it."""
        took_ms = int((time.monotonic() - self.began_at) * 1_000)
        if error and not (error == pycurl.E_WRITE_ERROR and len(self.body) >= MAX_ANSWER_BYTES):
            said = _said_of(error, egress.target_of(endpoint.base_url), self.curl.errstr(), endpoint.secs)
            return Reply(self.parcel, Verdict.AGAIN, said, took_ms)
        status = int(self.curl.getinfo(pycurl.RESPONSE_CODE))
        verdict = verdicts.of_status(status, may_be_missing=self.parcel.request.get("may_be_missing", False))
        text = self.body[:MAX_ANSWER_BYTES].decode("utf-8", "replace")[:KEPT_BODY].replace("\x00", "")
        asked = None if verdict is Verdict.DELIVERED else _asked(self.headers.get("retry-after", ""))
        return Reply(self.parcel, verdict, _told(status), took_ms, status, self.headers, text, asked)

    def _on_body(self, data: bytes) -> int:
        self.body += data
        return len(data) if len(self.body) < MAX_ANSWER_BYTES else 0  # 0: enough of it

    def _on_header(self, line: bytes) -> None:
        name, found, value = line.partition(b":")
        if found and (known := name.decode("latin-1").lower()) in KEPT_HEADERS:
            self.headers[known] = value.decode("latin-1").strip()[:500]


class HttpTransport:
    """Requests to one endpoint, so many at once."""

    def __init__(self, endpoint: Endpoint, *, at_once: int, resolve: Resolve = egress.resolved) -> None:
        self._endpoint, self._at_once, self._resolve = endpoint, at_once, resolve
        self._epoll = select.epoll()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, at_once)
        self._calls_at: float | None = None  # when libcurl wants to be called, whatever happens
        self._watched: set[int] = set()
        self._free: list[_Exchange] = []
        self._busy: dict[Any, _Exchange] = {}
        self._done: list[Reply] = []
        self._addresses: frozenset[str] = frozenset()
        self._pins: list[str] = []
        self._fresh_until = 0.0
        self._doubt: tuple[Verdict, str] | None = None  # why nobody can be asked now
        self._is_cut = False

    @property
    def n_under_way(self) -> int:
        """How many requests were sent, or will be, and have no reply yet."""
        return len(self._busy) + len(self._done)

    @property
    def has_room(self) -> bool:
        """Whether one more may be sent."""
        return self.n_under_way < self._at_once

    def send(self, parcel: Parcel) -> None:
        """Begin with a request; what is wrong with it, or with the address, is the reply."""
        problem = requests.problem_of_http(parcel.request)
        if problem:
            self._done.append(Reply(parcel, Verdict.REFUSED, problem.message))
            return
        self._look_up()
        if self._doubt:
            self._done.append(Reply(parcel, *self._doubt))
            return
        exchange = self._free.pop() if self._free else _Exchange(self._open)
        exchange.prepare(parcel, self._endpoint, self._pins)
        self._busy[exchange.curl] = exchange
        self._multi.add_handle(exchange.curl)

    def replies(self, *, secs: float) -> list[Reply]:
        """Let libcurl work until something has ended, or the time is over."""
        until = time.monotonic() + secs
        if self._is_cut:
            self._cut()
        while not self._done and self._busy:
            now = time.monotonic()
            wakes_at = until if self._calls_at is None else min(until, self._calls_at)
            for number, events in self._epoll.poll(max(wakes_at - now, 0), 256):
                self._call(number, _mask(events))
            now = time.monotonic()
            if self._calls_at is not None and now >= self._calls_at:
                self._calls_at = None
                self._call(pycurl.SOCKET_TIMEOUT, 0)
            self._collect()
            if now >= until:
                break
        done, self._done = self._done, []
        return done

    def break_off(self) -> None:
        """Wait for no answer any longer."""
        self._is_cut = True

    def close(self) -> None:
        """Break off what is under way, and close all connections."""
        for exchange in self._busy.values():
            self._multi.remove_handle(exchange.curl)
        for exchange in [*self._busy.values(), *self._free]:
            exchange.curl.close()
        self._busy, self._free = {}, []
        self._multi.close()
        self._epoll.close()

    def _cut(self) -> None:
        for exchange in self._busy.values():
            self._multi.remove_handle(exchange.curl)
            took_ms = int((time.monotonic() - exchange.began_at) * 1_000)
            self._done.append(Reply(exchange.parcel, Verdict.AGAIN, _CUT, took_ms))
            exchange.curl.close()
        self._busy = {}

    def _look_up(self) -> None:
        """Resolve and check the name, now and then: where it leads may change, and what it may lead to does not."""
        now = time.monotonic()
        if now < self._fresh_until:
            return
        try:
            target = egress.target_of(self._endpoint.base_url)
            found = egress.addresses(
                target.host, target.port, is_private=self._endpoint.is_private, resolve=self._resolve
            )
        except EgressError as error:
            verdict = Verdict.HOLD if isinstance(error, Forbidden) else Verdict.AGAIN
            self._doubt, self._fresh_until = (verdict, str(error)), now + DOUBT_SECS
            return
        place = f"{target.host}:{target.port}"
        leads = ",".join(f"[{text}]" if ":" in text else text for text in found)
        # The first one takes away what it led to before.
        self._pins = [] if _is_number(target.host) else [f"-{place}", f"{place}:{leads}"]
        self._addresses = frozenset(str(ip_address(text)) for text in found)
        self._doubt, self._fresh_until = None, now + FRESH_SECS

    def _open(self, _purpose: int, address: Any) -> Any:
        """Open a socket for libcurl, to an address that was checked alone."""
        family, kind, protocol, place = address
        if family not in (socket.AF_INET, socket.AF_INET6) or str(ip_address(place[0])) not in self._addresses:
            return pycurl.SOCKET_BAD
        return socket.socket(family, kind, protocol)

    def _on_socket(self, what: int, number: int, _multi: Any, _data: Any) -> None:
        if what == pycurl.POLL_REMOVE:
            if number in self._watched:
                self._watched.discard(number)
                self._epoll.unregister(number)
        elif number in self._watched:
            self._epoll.modify(number, _READS[what])
        else:
            self._watched.add(number)
            self._epoll.register(number, _READS[what])

    def _on_timer(self, ms: int) -> None:
        self._calls_at = None if ms < 0 else time.monotonic() + ms / 1_000

    def _call(self, number: int, mask: int) -> None:
        self._multi.socket_action(number, mask)

    def _collect(self) -> None:
        while True:
            n_left, went_well, failed = self._multi.info_read()
            for curl in went_well:
                self._end(curl, 0)
            for curl, error, _ in failed:
                self._end(curl, error)
            if not n_left:
                return

    def _end(self, curl: Any, error: int) -> None:
        exchange = self._busy.pop(curl)
        self._multi.remove_handle(curl)
        try:
            reply = exchange.reply(error, self._endpoint)
        except Exception as fault:
            logger.exception("An answer could not be read", extra={"delivery": str(exchange.parcel.id)})
            reply = failed(exchange.parcel, Verdict.AGAIN, fault)
        self._done.append(reply)
        self._free.append(exchange)


@cache
def authorities() -> str:
    """Name the file of the certificates that are trusted: that of all other requests of ours."""
    return ssl.get_default_verify_paths().cafile or ""


def _headers(parcel: Parcel, endpoint: Endpoint, body: bytes) -> list[bytes]:
    """List the headers of a request: its own, those of the endpoint over them, and by what it is known again."""
    headers = {"content-type": ("Content-Type", "application/json")} if parcel.request.get("body") else {}
    for name, value in [*parcel.request.get("headers", {}).items(), *endpoint.headers.items()]:
        headers[name.lower()] = (name, value)
    known = {"Idempotency-Key": parcel.key, "webhook-id": parcel.key}
    if endpoint.sign:
        method, url = parcel.request.get("method", "POST"), endpoint.url(parcel.request.get("path", ""))
        known |= endpoint.sign(Outgoing(parcel.key, method, url, dict(headers.values()), body, datetime.now(UTC)))
    lines = [f"{name}: {value}".encode() for name, value in [*headers.values(), *known.items()]]
    if "content-type" not in headers:
        lines.append(b"Content-Type:")  # or curl would say that it is a form
    return [*lines, b"Expect:"]  # or it would wait for a '100 Continue' before a longer body


def _mask(events: int) -> int:
    mask = pycurl.CSELECT_IN if events & select.EPOLLIN else 0
    mask |= pycurl.CSELECT_OUT if events & select.EPOLLOUT else 0
    return mask | (pycurl.CSELECT_ERR if events & _BROKEN else 0)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _told(status: int) -> str:
    if 300 <= status < 400:
        return f"The answer was {status}, which leads elsewhere: enter the address that it leads to."
    return f"The answer was {status}."


def _asked(retry_after: str) -> timedelta | None:
    """Read a Retry-After: seconds, or a time."""
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=min(int(retry_after), 10**7))
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC), timedelta(0))


_SAID: Final = {
    pycurl.E_COULDNT_CONNECT: "No connection to {host}, port {port}.",
    pycurl.E_OPERATION_TIMEDOUT: "{host} did not answer within {secs:g} seconds.",
    pycurl.E_PEER_FAILED_VERIFICATION: "The certificate of {host} is not to be trusted: {reason}.",
    pycurl.E_SSL_CONNECT_ERROR: "No secure connection to {host}: {reason}.",
}
_CUT: Final = "There was no answer until the worker had to end."
_BROKE_OFF: Final = "{host} broke off, or gave no answer of HTTP (error {error} of libcurl)."


def _said_of(error: int, target: egress.Target, reason: str, secs: float) -> str:
    told = _SAID.get(error, _BROKE_OFF)
    why = reason.rsplit(": ", 1)[-1] or "no TLS"
    return told.format(host=target.host, port=target.port, secs=secs, reason=why, error=error)
