"""What the tables of this app hold of people."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any, Final
from urllib.parse import unquote

from apps.core import keyset
from apps.inbound.models import BridgeDeadLetter
from apps.profiles.holdings import Holding, Person, register

_PAGE: Final = 20  # bodies may be large
_LOOK: Final = 20_000  # bytes, at the beginning, by which it is told what a body is
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_MAIL: Final = re.compile(rb"^(mime-version|content-transfer-encoding|message-id):", re.IGNORECASE | re.MULTILINE)


@register
class BridgeDeadLetters(Holding):
    """Messages that could not be taken, and name the person: by an id or an address, wherever that stands in them."""

    name, title, models = (
        "bridge_dead_letters",
        "Messages about the person that could not be taken",
        (BridgeDeadLetter,),
    )

    def rows(self, person: Person) -> Iterator[dict[str, Any]]:
        """Yield each message as it came."""
        for row in _found(person):
            yield {"at": row.at, "bridge_id": row.bridge_id, "body": bytes(row.body).decode("utf-8", "replace")}

    def erase(self, person: Person, *, limit: int) -> int:
        """Delete the next of them: nobody can take them apart."""
        n_erased = 0
        for row in _found(person):
            row.delete()
            n_erased += 1
            if n_erased == limit:
                break
        return n_erased


def _found(person: Person) -> Iterator[BridgeDeadLetter]:
    names = [text.casefold() for text in (*person.texts, *map(str, person.raw_ids))]
    for row in keyset.rows(BridgeDeadLetter.objects.all(), "id", size=_PAGE):
        if any(name in text for text in _spellings(row) for name in names):
            yield row


def _spellings(row: BridgeDeadLetter) -> Iterator[str]:
    """Yield what a message says in each way in which it may be written: somebody may be named in any of them."""
    body = bytes(row.body)
    text = body.decode("utf-8", "replace")
    yield from (text.casefold(), unquote(text).casefold(), str((row.headers, row.about)).casefold())
    if "\\u" in text:
        yield _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text).casefold()
    if b"\0" in body[:_LOOK]:
        yield from (body.decode(encoding, "replace").casefold() for encoding in ("utf-16-le", "utf-16-be"))
    if _MAIL.search(body[:_LOOK]):
        yield from (_decoded(part).casefold() for part in message_from_bytes(body).walk() if not part.is_multipart())


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
