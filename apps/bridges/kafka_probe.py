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
            _greet(plain, host)
            return
        with egress.secured(plain, host, context=tls.context_of(settings)) as secure:
            _greet(secure, host)


def _greet(connection: Any, host: str) -> None:
    """Ask which requests it knows (ApiVersions), which each broker answers before anybody signs in."""
    said = struct.pack(">hhih3s", 18, 0, 1, 3, b"cdp")
    try:
        connection.sendall(struct.pack(">i", len(said)) + said)
        length, asked = struct.unpack(">ii", _exactly(connection, 8))
    except TimeoutError:
        told = f"{host} listens, and gives no answer within {PROBE_SECS:g} seconds."
        raise Failure(Part.NETWORK, told) from None
    except OSError:
        raise Failure(Part.TLS, _broke_off(connection, host)) from None
    if asked != 1 or not 4 <= length <= MAX_ANSWER_BYTES:
        raise Failure(Part.TLS, f"{host} does not speak Kafka's protocol, or wants TLS.")


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
