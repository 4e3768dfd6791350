"""Access tokens of OAuth 2: fetched with a refresh token, and kept in memory for as long as they live."""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

from apps.bridges.safe_addresses import goes_in_clear
from apps.core import egress, reading
from apps.core.egress import EgressError

LIFE_SECS: Final = 3_600.0  # of a token whose end nobody tells
SPARE_SECS: Final = 60.0  # before its end, within which a token is not used any more
MAX_TOLD: Final = 100  # characters of what a server says of an error


class HasRefreshToken(Protocol):
    """Settings by which access tokens are fetched."""

    @property
    def token_url(self) -> str:
        """Who gives them."""

    @property
    def client_id(self) -> str:
        """Who we are to them."""

    @property
    def client_secret(self) -> str:
        """By which they know; empty: they ask for none."""

    @property
    def refresh_token(self) -> str:
        """What somebody has got for us."""


class NoToken(Exception):
    """There is no access token; the message says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str = field(repr=False)
    ends_at: float


_kept: Final[dict[str, _Kept]] = {}
_lock: Final = threading.Lock()


def access_token(settings: HasRefreshToken, *, secs: float) -> str:
    """Return an access token that lives, a kept one or a new one. Raises NoToken."""
    name = _name(settings)
    with _lock:
        kept = _kept.get(name)
    if kept and kept.ends_at > time.monotonic():
        return kept.token
    found = _fetched(settings, secs=secs)
    with _lock:
        _kept[name] = found
    return found.token


def refused(settings: HasRefreshToken) -> None:
    """Keep the access token no longer: it was refused."""
    with _lock:
        _kept.pop(_name(settings), None)


def _name(settings: HasRefreshToken) -> str:
    said = (settings.token_url, settings.client_id, settings.client_secret, settings.refresh_token)
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


def _fetched(settings: HasRefreshToken, *, secs: float) -> _Kept:
    host = urlsplit(settings.token_url).hostname
    asked = {
        "grant_type": "refresh_token",
        "refresh_token": settings.refresh_token,
        "client_id": settings.client_id,
        **({"client_secret": settings.client_secret} if settings.client_secret else {}),
    }
    try:
        answer = egress.send(
            settings.token_url,
            body=urlencode(asked).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            secs=secs,
            is_private=goes_in_clear(settings.token_url),
        )
    except EgressError as error:
        raise NoToken(f"No access token: {error}") from None
    try:
        said = reading.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    found: dict[str, Any] = said if isinstance(said, dict) else {}
    token = found.get("access_token")
    if answer.status != 200 or not isinstance(token, str) or not token:
        raise NoToken(f"{host} gives no access token: it said {answer.status}{_error(found)}.")
    return _Kept(token, time.monotonic() + _life(found.get("expires_in")) - SPARE_SECS)


def _error(said: dict[str, Any]) -> str:
    """Tell the word for an error, as RFC 6749 has them; the rest of what is said may quote what was sent."""
    word = said.get("error")
    return f", {word[:MAX_TOLD]}" if isinstance(word, str) and word.replace("_", "").isalnum() else ""


def _life(said: Any) -> float:
    try:
        return min(max(float(said), 2 * SPARE_SECS), 30 * 24 * LIFE_SECS)
    except (TypeError, ValueError):
        return LIFE_SECS
