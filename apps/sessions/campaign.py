"""Which campaign brought somebody here: the `utm` parameters, wherever a client puts them."""

from typing import Any
from urllib.parse import urlsplit

from apps.core import forms
from apps.core.storable import cleaned_text
from apps.sessions.short import text

PARTS = ("source", "medium", "campaign", "term", "content")
# Segment's SDKs name the campaign itself `name`.
SDK_NAMES = {"name": "campaign"}


def campaign_of(context: dict[str, Any], page_url: str) -> dict[str, str]:
    """Read {source, medium, campaign, term, content}: what the client says of it, otherwise the page's address.

    Links are written by hand: the parameters may be in capitals, stand behind the #, or be joined by `&amp;`.
    """
    said = context.get("utm") or context.get("campaign")
    if isinstance(said, dict):
        found = _parts({SDK_NAMES.get(key, key): value for key, value in said.items()})
        if found:
            return found
    if "utm_" not in page_url.lower():
        return {}
    parameters = {name.lower(): value for name, value in _parameters(page_url) if value}
    return _parts({part: parameters.get(f"utm_{part}") for part in PARTS})


def _parts(named: dict[Any, Any]) -> dict[str, str]:
    found = {part: text(named[part]) for part in PARTS if named.get(part)}
    return {part: value for part, value in found.items() if value}


def _parameters(page_url: str) -> list[tuple[str, str]]:
    try:
        address = urlsplit(page_url.replace("&amp;", "&"))
        # A route of a page of scripts has parameters of its own: #/shoes?utm_source=news
        behind = address.fragment.rpartition("?")[2]
        fields = [*forms.parse(behind.encode()), *forms.parse(address.query.encode())]
    except ValueError:
        return []
    # Decoded just now: what came percent-encoded, nobody has looked at yet.
    return [(name, cleaned_text(value)) for name, value in fields]
