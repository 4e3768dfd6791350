"""Addresses with something secret in them, or for which something secret is meant: nobody on the way reads it."""

from collections.abc import Iterator

from apps.core import egress
from apps.core.egress import Forbidden
from apps.core.typed_settings import Problem


def check_host(host: str) -> None:
    """Refuse what nobody of ours may connect to, as far as that can be seen. Raises ValueError."""
    try:
        egress.host_of(host)
    except Forbidden as error:
        raise ValueError(str(error)) from None


def unencrypted(security: str, *hosts: str) -> Iterator[Problem]:
    """Refuse what would go unencrypted to somebody else's network, as far as that can be seen."""
    for host in hosts if security == "none" else ():
        try:
            egress.host_of(host, is_private=True)
        except Forbidden as error:
            yield Problem("security", str(error))


def goes_in_clear(url: str) -> bool:
    """Whether requests go unencrypted: then all must stay within our own networks (`is_private` of egress)."""
    return egress.target_of(url).scheme == "http"


def check_safe(url: str) -> None:
    """Refuse what no request may go to, or may not go to unencrypted, as far as that can be seen. Raises ValueError."""
    try:
        target = egress.target_of(url)
        if target.scheme == "http":
            egress.host_of(target.host, is_private=True)
    except Forbidden as error:
        raise ValueError(str(error)) from None
    if "#" in url:
        raise ValueError("An address to which something goes has no #.")


def check_server(url: str) -> None:
    """Refuse what is no such address below which requests go. Raises ValueError."""
    check_safe(url)
    if "?" in url:
        raise ValueError("An address below which requests go has neither ? nor #.")
