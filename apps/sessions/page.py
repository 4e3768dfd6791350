"""Which page an event happened on, and what led there."""

import re
from collections.abc import Mapping
from typing import Any, Final

VIEWS: Final = frozenset({"page-view", "screen-view"})  # events that say themselves what was seen
_ADDRESSES: Final = ("url", "referrer")
_CREDENTIALS: Final = re.compile(r"^((?:[a-z][a-z0-9+.-]*:)?//)[^/?#\\\s]*@", re.IGNORECASE)


def page_of(event_type: str, properties: Mapping[str, Any], *contexts: Mapping[str, Any]) -> dict[str, str]:
    """Read {url, referrer} from the first context that tells of them: the event's, then the request's.

    The browser tracker calls the referrer `referer.host`, Segment's SDKs `referrer`. Its specification writes them into
    the properties of a view, and so do servers and apps, whose SDKs know of no page.
    """
    found: dict[str, str] = {}
    for context in contexts:
        page = context.get("page")
        if isinstance(page, dict) and page:
            referer = page.get("referer")
            host = referer.get("host") if isinstance(referer, dict) else None
            _add(found, page.get("url"), page.get("referrer") or host)
            break
    if event_type in VIEWS and len(found) < len(_ADDRESSES):
        _add(found, properties.get("url") or properties.get("path"), properties.get("referrer"))
    return found


def _add(found: dict[str, str], *values: object) -> None:
    for name, value in zip(_ADDRESSES, values, strict=True):
        if name not in found and isinstance(value, str) and value:
            found[name] = without_credentials(value)


def without_credentials(address: str) -> str:
    """Take user and password out of an address: https://user:secret@shop.example/ is written in a hurry."""
    return _CREDENTIALS.sub(r"\1", address) if "@" in address else address


def cleaned(page: Any) -> Any:
    """Return what a client says of a page without credentials in its addresses; what was handed in is left as it is."""
    if not isinstance(page, dict):
        return page
    marked = {name: page[name] for name in _ADDRESSES if isinstance(page.get(name), str) and "@" in page[name]}
    return {**page, **{name: without_credentials(address) for name, address in marked.items()}} if marked else page
