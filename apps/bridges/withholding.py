"""What a receiver says with our own secrets in it is kept without them: some repeat what they were sent."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

import orjson

from apps.bridges.models import Connection
from apps.bridges.transport import Reply

HIDDEN: Final = "[secret]"
SHORTEST: Final = 4  # characters: fewer are in any text
MAY_BE_CUT: Final = 500  # characters: what is shorter is whole, as transports keep at least so many


@dataclass(frozen=True, slots=True)
class Withholding:
    """The secrets of a connection, in all the ways in which they may be written; the longest first."""

    words: tuple[str, ...]

    def reply(self, reply: Reply) -> Reply:
        """Return a reply without them."""
        headers = {name: self.text(value) for name, value in reply.headers.items()}
        return replace(reply, said=self.text(reply.said), headers=headers, body=self.text(reply.body))

    def text(self, text: str) -> str:
        """Return a text without them, and without the beginning of one at its end, where the rest was cut off."""
        is_cut = len(text) >= MAY_BE_CUT
        for word in self.words:
            text = text.replace(word, HIDDEN)
        for word in self.words if is_cut else ():
            for length in range(len(word) - 1, SHORTEST - 1, -1):
                if text.endswith(word[:length]):
                    return text[:-length] + HIDDEN
        return text


def of(row: Connection, *, is_test: bool) -> Withholding:
    """Know the secrets of a connection. Raises Unreadable where no key opens them."""
    stored, settings = (row.test_secrets, row.test_settings) if is_test else (row.secrets, row.settings)
    secrets = [value for value in (orjson.loads(stored) if stored else {}).values() if isinstance(value, str)]
    words = {word for secret in secrets for word in _written(secret, str((settings or {}).get("user", "")))}
    return Withholding(tuple(sorted((word for word in words if len(word) >= SHORTEST), key=len, reverse=True)))


def _written(secret: str, user: str) -> Iterator[str]:
    """Write a secret as headers, addresses, JSON, HTML and those who sign in do."""
    yield from (secret, escape(secret), quote(secret, safe=""), quote_plus(secret))
    if "://" in secret:  # an address, which servers name without their own name
        yield urlsplit(secret).path
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    for pair in (secret, f"{user}:{secret}", f"\x00{user}\x00{secret}"):
        encoded = b64encode(pair.encode()).decode()
        yield from (encoded, encoded.rstrip("="), quote(encoded, safe=""))
