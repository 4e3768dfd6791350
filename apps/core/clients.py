"""Where a request comes from."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

# As proxies write it: 203.0.113.7:51234, [2001:db8::1]:443, "[2001:db8::1]".
_WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+")


def client_ip(request: HttpRequest) -> str:
    """Read the visitor's address: the peer's, or what the outermost of TRUSTED_PROXIES proxies saw, if it is one.

    Each proxy appends the address that it saw to X-Forwarded-For; what stands further left was written by the client.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    seen = [part for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if settings.TRUSTED_PROXIES and len(seen) >= settings.TRUSTED_PROXIES:
        return bare_ip(seen[-settings.TRUSTED_PROXIES]) or bare_ip(peer)
    return bare_ip(peer)


@lru_cache(maxsize=4_096)
def bare_ip(text: str) -> str:
    """Return the address in a text, without port, brackets and zone; empty when there is none."""
    text = text.strip().strip('"')
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] or found[2] or "") if found else text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or address).partition("%")[0]
    return str(address)
