"""How far one comes with servers of Kafka before anybody signs in: name, network, TLS, and whether they speak Kafka.

The client library says late and vaguely what is wrong; this says it at once.
"""

import struct
from typing import Any, Final

from apps.bridges import tls
from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.core import egress
from apps.core.egress import EgressError, Forbidden

PORT: Final = 9092
PROBE_SECS: Final = 5.0
MAX_ANSWER_BYTES: Final = 100_000
VERSIONS: Final = 18, 0  # a request, and its version
NO_TOPICS: Final = 3, 1  # Metadata, of no topics
NUMBER: Final = 1  # of each request, which its answer repeats
ROWS_AT: Final = 6  # in an answer to VERSIONS
CUT: Final = "The broker breaks off before it tells anything: it may want a sign-in."


def servers_of(settings: Any) -> list[tuple[str, int]]:
    """Return host and port of each server. Raises ValueError."""
    return [server_of(said) for said in settings.servers]


def server_of(said: str) -> tuple[str, int]:
    """Read a server, as kafka.example.com:9092 or [2001:db8::1]:9092. Raises ValueError."""
    host, _, port = said.rpartition(":") if not said.endswith("]") and ":" in said else (said, "", str(PORT))
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"{said} has no port: write it as kafka.example.com:9092.")
    try:
        return host.removeprefix("[").removesuffix("]").encode("idna").decode(), int(port)
    except UnicodeError:
        raise ValueError(f"{said} is no address.") from None


def check_address(settings: Any, host: str, port: int) -> None:
    """See whether we may go to a host. Raises Failure."""
    try:
        egress.addresses(host, port, is_private=settings.security == "none")
    except EgressError as error:
        raise failure_of(error) from None


def probed(settings: Any) -> tuple[str, int]:
    """Find the first server that speaks Kafka with us, as far as one comes without signing in. Raises Failure."""
    first: Failure | None = None
    for host, port in servers_of(settings):
        try:
            _probe(settings, host, port)
        except Forbidden as error:  # one that leads astray is a mistake, or worse, however well others do
            raise failure_of(error) from None
        except EgressError as error:
            first = first or failure_of(error)
        except Failure as failure:
            first = first or failure
        else:
            return host, port
    raise first or Failure(Part.NAME, "There are no servers.")


def _probe(settings: Any, host: str, port: int) -> None:
    """Come as far as one does. Raises EgressError, and Failure."""
    addresses = egress.addresses(host, port, is_private=settings.security == "none")
    with egress.connected(host, port, addresses, secs=PROBE_SECS) as plain:
        plain.settimeout(PROBE_SECS)
        if settings.security == "none":
            _talk(settings, plain, host)
            return
        with egress.secured(plain, host, context=tls.context_of(settings)) as secure:
            _talk(settings, secure, host)


def _talk(settings: Any, connection: Any, host: str) -> None:
    key, version = NO_TOPICS
    try:
        known = _greet(connection, host)
        if settings.sign_in == "none" and version in known.get(key, ()):
            _see_whether_let_in(connection)
    except TimeoutError:
        told = f"{host} listens, and gives no answer within {PROBE_SECS:g} seconds."
        raise Failure(Part.NETWORK, told) from None


def _greet(connection: Any, host: str) -> dict[int, range]:
    """Ask which requests it knows, in which versions: each broker answers that before anybody signs in."""
    try:
        length, asked = _ask(connection, VERSIONS)
        if asked != NUMBER or not 4 <= length <= MAX_ANSWER_BYTES:
            raise Failure(Part.TLS, f"{host} does not speak Kafka's protocol, or wants TLS.")
        rows = _exactly(connection, length - 4)[ROWS_AT:]
    except TimeoutError:
        raise
    except OSError:
        raise Failure(Part.TLS, _broke_off(connection, host)) from None
    whole = len(rows) // 6 * 6
    return {key: range(least, most + 1) for key, least, most in struct.iter_unpack(">hhh", rows[:whole])}


def _see_whether_let_in(connection: Any) -> None:
    """Ask for the brokers, and for no topics: who wants to know us first breaks off.

    The client library would come again and again, and tell no more than that nobody is there.
    """
    try:
        _ask(connection, NO_TOPICS, struct.pack(">i", 0))
    except TimeoutError:
        raise
    except OSError:
        raise Failure(Part.SIGN_IN, CUT) from None


def _ask(connection: Any, request: tuple[int, int], said: bytes = b"") -> tuple[int, int]:
    """Ask for something, and return how the answer begins: with its length, and the number of what was asked."""
    head = struct.pack(">hhih3s", *request, NUMBER, 3, b"cdp")
    connection.sendall(struct.pack(">i", len(head) + len(said)) + head + said)
    length, number = struct.unpack(">ii", _exactly(connection, 8))
    return length, number


def _broke_off(connection: Any, host: str) -> str:
    if hasattr(connection, "cipher"):
        return f"{host} broke off: it does not take our certificate, wants one, or speaks no Kafka."
    return f"{host} broke off at the first word: it wants TLS, or speaks no Kafka."


def _exactly(connection: Any, n: int) -> bytes:
    found = b""
    while len(found) < n:
        more = connection.recv(n - len(found))
        if not more:
            raise OSError
        found += more
    return found
