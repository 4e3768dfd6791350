"""Tokens by which we sign in at Kafka with OAUTHBEARER: from an OAuth 2 server, by our client credentials."""

import json
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote, urlencode

from apps.bridges.connection_kind import Failure, Part
from apps.bridges.safe_addresses import goes_in_clear
from apps.core import egress
from apps.core.egress import EgressError

USUAL_SECS: Final = 300  # that a token lasts whose server does not say
ASK_SECS: Final = 8.0


class HasClient(Protocol):
    """Where tokens are had, and as whom."""

    @property
    def token_url(self) -> str:
        """The token endpoint."""

    @property
    def client_id(self) -> str:
        """The name of the client."""

    @property
    def client_secret(self) -> str:
        """Its secret."""

    @property
    def scope(self) -> str:
        """What is asked for; empty: what the server gives."""


def asked(settings: HasClient) -> tuple[str, float]:
    """Ask for a token; return it, with the time until which it lasts. Raises Failure."""
    host = egress.target_of(settings.token_url).host
    form = {"grant_type": "client_credentials", **({"scope": settings.scope} if settings.scope else {})}
    pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
    headers = {
        "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    is_private = goes_in_clear(settings.token_url)
    try:
        body = urlencode(form).encode()
        answer = egress.send(settings.token_url, body=body, headers=headers, secs=ASK_SECS, is_private=is_private)
    except EgressError as error:
        raise Failure(Part.SIGN_IN, f"The token endpoint gives no token. {error}") from None
    if answer.status in (400, 401, 403):
        raise Failure(Part.SIGN_IN, f"{host} does not take this client id, secret and scope: it said {answer.status}.")
    if answer.status != 200:
        raise Failure(Part.SIGN_IN, f"{host} gives no token: it said {answer.status}.")
    return _read(answer.body, host)


def _read(body: bytes, host: str) -> tuple[str, float]:
    try:
        said = json.loads(body)
        token, secs = said["access_token"], float(said.get("expires_in", USUAL_SECS))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Failure(Part.SIGN_IN, f"{host} gives no token: its answer has no access_token.") from None
    if not isinstance(token, str) or not token:
        raise Failure(Part.SIGN_IN, f"{host} gives no token: its answer has no access_token.")
    return token, time.time() + secs


@dataclass
class Tokens:
    """Gives the client library a token whenever it wants one, from a thread of its own."""

    settings: HasClient
    failure: Failure | None = None  # why there was none, the last time
    _first: tuple[str, float] | None = field(default=None, repr=False)  # with a token
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        # The library waits ten seconds for its first one, and then says nothing of why there is none. Raises Failure.
        self._first = asked(self.settings)

    def __call__(self, _config: str) -> tuple[str, float]:
        """Return a token, and until when it lasts. Raises Failure, which the library takes for 'none now'."""
        with self._lock:
            first, self._first = self._first, None
        if first:
            return first
        try:
            found = asked(self.settings)
        except Failure as failure:
            self.failure = failure
            raise
        self.failure = None
        return found
