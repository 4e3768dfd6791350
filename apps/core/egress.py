"""The one door to the outside: HTTP requests to addresses that people typed, but none into our own network.

A name is resolved once, all that it leads to is checked, and what was checked is what is connected to: a name that
leads elsewhere a moment later (DNS rebinding) changes nothing. Redirects are answers, and nobody follows them.
"""

import re
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
HOST: Final = re.compile(r"[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
PORT_WITHIN: Final = re.compile(r"[^:]*:[0-9]*")  # an address of version 6 has two colons or more
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


class UnknownHost(Unreachable):
    """A name that nobody knows, or that cannot be looked up now."""


class NoConnection(Unreachable):
    """Nobody listens there, or nothing lets us through."""


class NoTls(Unreachable):
    """Somebody listens, and no secure connection came about."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status: a redirect, too."""

    status: int
    body: bytes  # the first bytes of it: MAX_ANSWER_BYTES, where nobody says otherwise


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
        name, port = parts.hostname or "", parts.port
    except ValueError:
        raise Forbidden("This is no address.") from None
    if parts.scheme not in PORTS or not name:
        raise Forbidden("An address begins with https:// or http://, and names a host.")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("An address must not have a user name or a password in it.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(not "!" <= character <= "~" for character in path):
        raise Forbidden("An address must not have spaces or letters beyond ASCII in it: write them percent-encoded.")
    return Target(parts.scheme, host_of(name), port or PORTS[parts.scheme], path)


def host_of(text: str, *, is_private: bool = False) -> str:
    """Read the name of a host, or an IP address without brackets.

    With `is_private` it has to be of EGRESS_ALLOWED_NETWORKS, as far as that can be seen. Raises Forbidden.
    """
    try:
        host = text.encode("idna").decode()
    except ValueError:
        raise Forbidden("This is no address.") from None
    if PORT_WITHIN.fullmatch(host):
        raise Forbidden("The port has a field of its own.")
    if not HOST.fullmatch(host):
        raise Forbidden("This is no name of a host, nor an IP address.")
    with suppress(ValueError):  # a name, which nobody has resolved yet
        _check(host, ip_address(host), is_private=is_private)
    return host


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
    is_private: bool = False,
    resolve: Resolve = resolved,
) -> Answer:
    """Send a request and return the answer, in so many seconds at most, besides those that a name takes.

    With `is_private` it goes into networks of EGRESS_ALLOWED_NETWORKS, and nowhere else. Raises Forbidden for an
    address outside of what the policy allows, Unreachable where no whole answer comes in time.
    """
    target = target_of(url)
    with _told_apart(target, secs=secs):
        found = addresses(target.host, target.port, is_private=is_private, resolve=resolve)
        with _connected(target, found, secs=secs) as connection:
            return _asked(connection, method, target.path, body, headers)


def fetch(
    url: str,
    *,
    headers: Mapping[str, str],
    secs: float = SECS,
    is_private: bool = False,
    most_bytes: int = MAX_ANSWER_BYTES,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Ask for what lies at an address, as `send` does; with a context other authorities are trusted."""
    target = target_of(url)
    with _told_apart(target, secs=secs):
        found = addresses(target.host, target.port, is_private=is_private)
        with _connected(target, found, secs=secs, context=context) as connection:
            return _asked(connection, "GET", target.path, b"", headers, most_bytes=most_bytes)


def _asked(
    connection: HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    most_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    ours = {"User-Agent": "cdp", "Accept-Encoding": "identity"}
    connection.request(method, path, body=body, headers={**ours, **headers}, preload_content=False)
    response = connection.getresponse()
    return Answer(response.status, response.read(most_bytes, decode_content=False))


@contextmanager
def _told_apart(target: Target, *, secs: float) -> Iterator[None]:
    """Say in our words that no answer came."""
    try:
        yield
    except TimeoutError:
        raise Unreachable(f"{target.host} did not answer within {secs:g} seconds.") from None
    except BROKEN as error:  # without its text, which may have the address
        raise Unreachable(f"{target.host} broke off, or gave no answer of HTTP ({type(error).__name__}).") from None


def addresses(host: str, port: int, *, is_private: bool = False, resolve: Resolve = resolved) -> list[str]:
    """Resolve a host, and check all that it leads to: one that leads into our network, too, is not to be trusted.

    Whoever connects by themselves connects to one of these, and asks for no name. With `is_private` all of them have
    to be of EGRESS_ALLOWED_NETWORKS, as where nothing is encrypted. Raises Forbidden and Unreachable.
    """
    try:
        found = list(dict.fromkeys(resolve(host, port)))
    except (OSError, UnicodeError):
        raise UnknownHost(f"There is no host {host}, or its name cannot be looked up now.") from None
    if not found:
        raise UnknownHost(f"{host} has no address.")
    for text in found:
        _check(host, ip_address(text), is_private=is_private)
    return found[:MAX_ADDRESSES]


def _check(host: str, ip: IP, *, is_private: bool = False) -> None:
    what = f"{host} is" if str(ip) == host else f"{host} leads to {ip},"
    if is_private and not _is_of_ours(ip):
        message = f"{what} outside of the networks of EGRESS_ALLOWED_NETWORKS: only within these may it go unencrypted."
        raise Forbidden(message.replace(", outside", ", which is outside"))
    if not _is_allowed(ip):
        message = f"{what} an address of a private or reserved network; EGRESS_ALLOWED_NETWORKS can allow it."
        raise Forbidden(message)


def _is_of_ours(ip: IP) -> bool:
    return any(_meant(ip) in network for network in settings.EGRESS_ALLOWED_NETWORKS)


def _is_allowed(ip: IP) -> bool:
    meant = _meant(ip)
    return _is_of_ours(ip) or (meant.is_global and not (meant.is_multicast or meant.is_reserved or meant in SITE_LOCAL))


def _meant(ip: IP) -> IP:
    """Return the address of version 4 that one of version 6 stands for, or the address itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


@contextmanager
def _connected(
    target: Target, addresses: Sequence[str], *, secs: float, context: ssl.SSLContext | None = None
) -> Iterator[HTTPConnection]:
    """Connect to one of the addresses, under the name of the host, and cut the connection when its time is over."""
    plain = connected(target.host, target.port, addresses, secs=min(secs, CONNECT_SECS))
    # Each wait has a timeout of its own: without an end, who sends a byte now and then would hold us for hours.
    is_over = threading.Event()
    with plain.dup() as guard:
        timer = threading.Timer(secs, _cut, (guard, is_over))
        timer.daemon = True
        timer.start()
        connection = HTTPConnection(target.host, target.port, timeout=secs)
        try:
            is_tls = target.scheme == "https"
            connection.sock = secured(plain, target.host, context=context) if is_tls else plain
            yield connection
        except (*BROKEN, NoTls) as error:
            if is_over.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
            plain.close()
            connection.close()
        if is_over.is_set():
            raise TimeoutError


def connected(host: str, port: int, addresses: Sequence[str], *, secs: float) -> socket.socket:
    """Connect to the first of a host's addresses that answers. Raises NoConnection."""
    last = OSError()
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=secs / len(addresses))
        except OSError as error:
            last = error
    raise no_connection(host, port, last)


def no_connection(host: str, port: int, error: OSError) -> NoConnection:
    """Say why nobody was reached."""
    reason = "it takes too long" if isinstance(error, TimeoutError) else (error.strerror or "no route").lower()
    return NoConnection(f"No connection to {host}, port {port}: {reason}.")


def secured(plain: socket.socket, host: str, *, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    """Turn a connection to TLS, with the certificate of this host. Raises NoTls."""
    try:
        return (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=host)
    except OSError as error:
        raise no_tls(host, error) from None


def no_tls(host: str, error: BaseException) -> NoTls:
    """Say why no secure connection came about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoTls(f"The certificate of {host} is not to be trusted: {error.verify_message.rstrip('.')}.")
    if isinstance(error, TimeoutError):
        return NoTls(f"No secure connection to {host}: it takes too long.")
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "no TLS").replace("_", " ").lower()
        return NoTls(f"No secure connection to {host}: {reason}.")
    return NoTls(f"No secure connection to {host}: it was broken off.")


def _cut(guard: socket.socket, is_over: threading.Event) -> None:
    is_over.set()
    with suppress(OSError):  # it has ended just now
        guard.shutdown(socket.SHUT_RDWR)
