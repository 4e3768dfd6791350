"""The one door to the outside: HTTP requests to addresses that people typed, but none into our own network.

A name is resolved once, all that it leads to is checked, and what was checked is what is connected to: a name that
leads elsewhere a moment later (DNS rebinding) changes nothing. Redirects are answers, and nobody follows them.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

PORTS: Final = {"http": 80, "https": 443}
SECS: Final = 10.0  # for all of it, from the first connection to the last byte
CONNECT_SECS: Final = 5.0
MAX_ANSWER_BYTES: Final = 64_000
MAX_ADDRESSES: Final = 4  # of one name that are tried
NAT64: Final = IPv6Network("64:ff9b::/96")
SITE_LOCAL: Final = IPv6Network("fec0::/10")  # of old, and private where it is still in use
BROKEN: Final = (OSError, HTTPException, HTTPError)

IP = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class EgressError(Exception):
    """No answer came; the message names host and cause, and never the rest of the address, which may be a secret."""


class Forbidden(EgressError):
    """The address leads where no request of ours may go, or is none: to try it again changes nothing."""


class Unreachable(EgressError):
    """Nobody answered, or not in time: another try may go well."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status: a redirect, too."""

    status: int
    body: bytes  # the first MAX_ANSWER_BYTES of it


@dataclass(frozen=True, slots=True)
class Target:
    """An address in its parts."""

    scheme: str
    host: str  # a name in ASCII, or an IP address without brackets
    port: int
    path: str  # with the query


def target_of(url: str) -> Target:
    """Read an address. Raises Forbidden where it is none, or leads visibly where no request may go."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        raise Forbidden("This is no address.") from None
    if parts.scheme not in PORTS or not host:
        raise Forbidden("An address begins with https:// or http://, and names a host.")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("An address must not have a user name or a password in it.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(not "!" <= character <= "~" for character in path):
        raise Forbidden("An address must not have spaces or letters beyond ASCII in it: write them percent-encoded.")
    with suppress(ValueError):  # a name, which nobody has resolved yet
        _check(host, ip_address(host))
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path)


def resolved(host: str, port: int) -> list[str]:
    """Ask for the IP addresses of a name; the C library bounds how long it takes."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def send(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    method: str = "POST",
    secs: float = SECS,
    resolve: Resolve = resolved,
) -> Answer:
    """Send a request and return the answer, in so many seconds at most, besides those that a name takes.

    Raises Forbidden for an address outside of what the policy allows, Unreachable where no whole answer comes in time.
    """
    target = target_of(url)
    try:
        with _connected(target, _addresses(target, resolve), secs=secs) as connection:
            ours = {"User-Agent": "cdp", "Accept-Encoding": "identity"}
            connection.request(method, target.path, body=body, headers={**ours, **headers}, preload_content=False)
            response = connection.getresponse()
            return Answer(response.status, response.read(MAX_ANSWER_BYTES, decode_content=False))
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"The certificate of {target.host} is not to be trusted: {error.verify_message}.") from None
    except TimeoutError:
        raise Unreachable(f"{target.host} did not answer within {secs:g} seconds.") from None
    except ssl.SSLError as error:
        reason = (error.reason or "no TLS").replace("_", " ").lower()
        raise Unreachable(f"No secure connection to {target.host}: {reason}.") from None
    except BROKEN as error:  # without its text, which may have the address
        raise Unreachable(f"{target.host} broke off, or gave no answer of HTTP ({type(error).__name__}).") from None


def _addresses(target: Target, resolve: Resolve) -> list[str]:
    """Resolve a host, and check all that it leads to: one that leads into our network, too, is not to be trusted."""
    try:
        found = list(dict.fromkeys(resolve(target.host, target.port)))
    except (OSError, UnicodeError):
        raise Unreachable(f"There is no host {target.host}, or its name cannot be looked up now.") from None
    if not found:
        raise Unreachable(f"{target.host} has no address.")
    for text in found:
        _check(target.host, ip_address(text))
    return found[:MAX_ADDRESSES]


def _check(host: str, ip: IP) -> None:
    if not _is_allowed(ip):
        what = f"{host} is" if str(ip) == host else f"{host} leads to {ip},"
        message = f"{what} an address of a private or reserved network; EGRESS_ALLOWED_NETWORKS can allow it."
        raise Forbidden(message)


def _is_allowed(ip: IP) -> bool:
    meant = _meant(ip)
    if any(meant in network for network in settings.EGRESS_ALLOWED_NETWORKS):
        return True
    return meant.is_global and not (meant.is_multicast or meant.is_reserved or meant in SITE_LOCAL)


def _meant(ip: IP) -> IP:
    """Return the address of version 4 that one of version 6 stands for, or the address itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


@contextmanager
def _connected(target: Target, addresses: Sequence[str], *, secs: float) -> Iterator[HTTPConnection]:
    """Connect to one of the addresses, under the name of the host, and cut the connection when its time is over."""
    plain = _first_that_answers(target, addresses, secs=min(secs, CONNECT_SECS))
    # Each wait has a timeout of its own: without an end, who sends a byte now and then would hold us for hours.
    is_over = threading.Event()
    with plain.dup() as guard:
        timer = threading.Timer(secs, _cut, (guard, is_over))
        timer.daemon = True
        timer.start()
        connection = HTTPConnection(target.host, target.port, timeout=secs)
        try:
            connection.sock = _wrapped(plain, target) if target.scheme == "https" else plain
            yield connection
        except BROKEN as error:
            if is_over.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
            plain.close()
            connection.close()
        if is_over.is_set():
            raise TimeoutError


def _first_that_answers(target: Target, addresses: Sequence[str], *, secs: float) -> socket.socket:
    last = OSError()
    for address in addresses:
        try:
            return socket.create_connection((address, target.port), timeout=secs / len(addresses))
        except OSError as error:
            last = error
    reason = "it takes too long" if isinstance(last, TimeoutError) else (last.strerror or "no route").lower()
    raise Unreachable(f"No connection to {target.host}, port {target.port}: {reason}.")


def _wrapped(plain: socket.socket, target: Target) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)


def _cut(guard: socket.socket, is_over: threading.Event) -> None:
    is_over.set()
    with suppress(OSError):  # it has ended just now
        guard.shutdown(socket.SHUT_RDWR)
