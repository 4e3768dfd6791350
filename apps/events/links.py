"""The tracked links as a click needs them: from memory, so that a click works while the database is away.

A link goes to its stored address. One that takes signed targets goes where its address says, too, if we have signed
that: nobody else can make it go anywhere (`signed_address` makes such addresses).
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from django.conf import settings

from apps.core.ids import fingerprint
from apps.core.snapshot import Snapshot
from apps.events.models import Redirect

TARGET, SIGNATURE = "to", "sig"  # parameters of a click
MAX_URL: Final = 4_000  # characters; some programs take no longer ones


class Link(NamedTuple):
    """Where a click goes, and the event that tells of it."""

    id: UUID
    url: str
    source_id: UUID
    event_type: str
    properties: dict[str, Any]
    takes_targets: bool
    passes_parameters: bool
    expires_at: datetime | None
    expired_url: str


class Way(NamedTuple):
    """Where a click goes, if anywhere, and what it says besides."""

    url: str
    target: str  # the same without the parameters that it passes on
    parameters: Mapping[str, Any]
    is_expired: bool = False


def _read() -> dict[UUID, Link]:
    rows = Redirect.objects.filter(is_enabled=True)
    return {row.id: Link(**{name: getattr(row, name) for name in Link._fields}) for row in rows}


current = Snapshot(_read, of=(Redirect,), refresh_secs=5)


def find(redirect_id: UUID) -> Link | None:
    """Find an enabled link, made just now or long ago; None when there is none of this id."""
    return current.get().get(redirect_id) or current.latest().get(redirect_id)


def way_of(link: Link, parameters: Mapping[str, Any], *, now: datetime) -> Way | None:
    """Say where a click with these parameters goes; None where it names a target that we have not signed."""
    url = link.url
    if link.takes_targets and (TARGET in parameters or SIGNATURE in parameters):
        target, signature = parameters.get(TARGET), parameters.get(SIGNATURE)
        if not _is_ours(link.id, target, signature):
            return None
        url = str(target)
        parameters = {name: value for name, value in parameters.items() if name not in (TARGET, SIGNATURE)}
    is_expired = link.expires_at is not None and link.expires_at <= now
    if is_expired:
        url = link.expired_url
    passed_on = parameters if url and link.passes_parameters else {}
    return Way(_with(url, passed_on), url, parameters, is_expired)


def signed_address(host: str, link_id: UUID, target: str, *, session_id: str = "") -> str:
    """Make an address that leads to a target by a link that takes such, in a session: for one mail, say.

    `host` is how people reach us, as https://cdp.example. Raises ValueError for a target that is no web page.
    """
    if not _is_page(target):
        raise ValueError("A link leads to addresses that begin with http:// or https://.")
    session = f"/{quote(session_id, safe='')}" if session_id else ""
    query = urlencode({TARGET: target, SIGNATURE: _signature(link_id, target)})
    return f"{host.rstrip('/')}/redirect/{link_id}{session}?{query}"


def _is_ours(link_id: UUID, target: Any, signature: Any) -> bool:
    if not (isinstance(target, str) and isinstance(signature, str) and _is_page(target)):
        return False
    return hmac.compare_digest(signature.encode(errors="replace"), _signature(link_id, target).encode())


def _is_page(target: str) -> bool:
    if not (target.startswith(("http://", "https://")) and target.isprintable() and len(target) <= MAX_URL):
        return False
    try:
        return bool(urlsplit(target).hostname)
    except ValueError:
        return False


def _signature(link_id: UUID, target: str) -> str:
    # By the key that stays: mails are read years later.
    return fingerprint("target of a tracked link", str(link_id), target, key=settings.IDENTITY_KEY.encode()[:64])


def _with(url: str, parameters: Mapping[str, Any]) -> str:
    """Add parameters to an address; its own win, and one that would become too long stays as it is."""
    if not parameters:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    own = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode({name: value for name, value in parameters.items() if name not in own}, doseq=True)
    longer = parts._replace(query="&".join(filter(None, (parts.query, added)))).geturl()
    return longer if len(longer) <= MAX_URL else url
