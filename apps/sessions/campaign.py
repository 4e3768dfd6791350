"""Which campaign brought somebody here: the `utm` parameters, wherever a client puts them."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

PARTS = ("source", "medium", "campaign", "term", "content")
# Segment's SDKs name the campaign itself `name`.
SDK_NAMES = {"name": "campaign"}


def campaign_of(context: dict[str, Any], page_url: str) -> dict[str, str]:
    """Read {source, medium, campaign, term, content}: what the client says of it, otherwise the page's address."""
    said = context.get("utm") or context.get("campaign")
    if isinstance(said, dict):
        named = {SDK_NAMES.get(key, key): value for key, value in said.items()}
        found = {part: str(named[part]) for part in PARTS if named.get(part)}
        if found:
            return found
    if "utm_" not in page_url:
        return {}
    try:
        query = dict(parse_qsl(urlsplit(page_url).query))
    except ValueError:
        return {}
    return {part: query[f"utm_{part}"] for part in PARTS if query.get(f"utm_{part}")}
