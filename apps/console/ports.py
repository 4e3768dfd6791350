"""Where servers of ours listen: whether they can, whether they do, and how others reach them."""

import socket

from django.core.management.base import CommandError


def check_port(host: str, port: int, *, named: str = "CDP_HOST and CDP_PORT") -> None:
    """Raise CommandError when nobody can listen there, mostly since somebody else does."""
    try:
        with socket.socket(_family(host)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"Cannot listen on {host}, port {port} ({reason}); choose others with {named}."
        raise CommandError(message) from None


def answers(host: str, port: int) -> bool:
    """Tell whether somebody listens there."""
    with socket.socket(_family(host)) as client:
        client.settimeout(1)
        return client.connect_ex((host, port)) == 0


def reachable(host: str) -> str:
    """Name a host that a client on this machine can reach: 0.0.0.0 is everywhere, and nowhere."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def address_of(host: str, port: int) -> str:
    """Write the address that a browser on this machine can open."""
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
