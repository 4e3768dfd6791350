"""Which page an event happened on, and what led there."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from apps.sessions.short import MAX_ADDRESS, text

VIEWS: Final = frozenset({"page-view", "screen-view"})  # events that say themselves what was seen
_ADDRESSES: Final = frozenset({"page", "referrer", "referer", "campaign", "utm"})  # what of a context may hold some
# What is said of an address, in the context and in the properties of a view: who knows one of these knows the page.
_SAID: Final = (
    (
        *(("context", ("page", name)) for name in ("url", "path", "search", "hash")),
        *(("properties", (name,)) for name in ("url", "path", "search", "hash")),
    ),
    (
        ("context", ("page", "referrer")),
        ("context", ("page", "referer", "host")),
        ("properties", ("referrer",)),
    ),
)
_CREDENTIALS: Final = re.compile(r"^\s*((?:[a-z][a-z0-9+.-]*:/+|//+))[^/?#\\\s]*@", re.IGNORECASE)


def page_of(event_type: str, properties: Mapping[str, Any], *contexts: Mapping[str, Any]) -> dict[str, str]:
    """Read {url, referrer} from the first context that tells of them: the event's, then the request's.

    The browser tracker calls the referrer `referer.host`, Segment's SDKs `referrer`. Its specification writes them into
    the properties of a view, and so do servers and apps, whose SDKs know of no page.
    """
    url, referrer = _said_in(contexts)
    if event_type in VIEWS and properties:
        url = url or properties.get("url") or properties.get("path")
        referrer = referrer or properties.get("referrer")
    found = {}
    if url and isinstance(url, str):
        found["url"] = text(without_credentials(url), MAX_ADDRESS)
    if referrer and isinstance(referrer, str):
        found["referrer"] = text(without_credentials(referrer), MAX_ADDRESS)
    return found


def _said_in(contexts: Iterable[Mapping[str, Any]]) -> tuple[Any, Any]:
    """Return address and referrer as the first context has them that tells of a page."""
    for context in contexts:
        page = context.get("page")
        if page and isinstance(page, dict):
            referrer, referer = page.get("referrer"), page.get("referer")
            if not referrer and isinstance(referer, dict):
                referrer = referer.get("host")
            return page.get("url"), referrer
    return None, None


def places_of(part: str, path: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """List the places where views say the same as there: the address of their page, or of what led to it."""
    found = []
    for places in _SAID:
        others = [(each, place) for each, place in places if each != part or place[: len(path)] != path]
        if len(others) < len(places):
            found += others
    return found


def without_credentials(address: str) -> str:
    """Take user and password out of an address: https://user:secret@shop.example/ is written in a hurry."""
    return _CREDENTIALS.sub(r"\1", address) if "@" in address else address


def cleaned(said: Any, *, levels: int = 3) -> Any:
    """Return what a client says of a page without credentials in its addresses, whichever field holds them.

    What was handed in is left as it is, and returned where it has none. No client nests addresses deeper than this.
    """
    if isinstance(said, str):
        return without_credentials(said)
    if isinstance(said, dict) and levels:
        changed = {name: new for name, value in said.items() if (new := cleaned(value, levels=levels - 1)) is not value}
        return {**said, **changed} if changed else said
    return said


def cleaned_context(context: dict[str, Any]) -> dict[str, Any]:
    """Return a context without credentials in the addresses of its page, and of what led there."""
    if not context or _ADDRESSES.isdisjoint(context):
        return context
    return {**context, **{name: cleaned(context[name]) for name in _ADDRESSES & context.keys()}}
