"""Which page an event happened on, and what led there."""

from typing import Any


def page_of(*contexts: dict[str, Any]) -> dict[str, str]:
    """Read {url, referrer} from the first context that tells of a page: the event's, then the request's.

    The browser tracker calls the referrer `referer.host`, Segment's SDKs `referrer`.
    """
    for context in contexts:
        page = context.get("page")
        if isinstance(page, dict) and page:
            referer = page.get("referer")
            host = referer.get("host") if isinstance(referer, dict) else None
            found = {"url": page.get("url"), "referrer": page.get("referrer") or host}
            return {name: value for name, value in found.items() if isinstance(value, str) and value}
    return {}
