"""Entries of streams: as messages, and by their ids, which are times."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from apps.core import storable
from apps.inbound.received import Received

MOST: Final = 2**64 - 1  # of each of the two numbers of an id
# An id of less, or more, was made up by whoever wrote the entry, and is no time: 2001 to 2286.
TIMES_MS: Final = range(10**12, 10**13)


def received(
    stream: str, entry_id: str, fields: Mapping[bytes, bytes], *, database: int, body_field: str, is_repeated: bool
) -> Received:
    """Make a message of an entry."""
    others = dict(fields)
    body, problem = others.pop(body_field.encode(), None), ""
    if body is None:
        body, problem, others = *_object_of(fields), {}
    return Received(
        body=body,
        key=f"{database}/{stream}/{entry_id}",
        headers={_text(name): _text(value) for name, value in others.items()},
        about={"stream": stream, "entry": entry_id},
        at=time_of(entry_id),
        is_repeated=is_repeated,
        problem=problem,
        handle=(stream, entry_id),
    )


def _text(data: bytes) -> str:
    return storable.cleaned_text(data.decode(errors="replace"))


def _object_of(fields: Mapping[bytes, bytes]) -> tuple[bytes, str]:
    """Make one object of all fields, and say what is wrong with it: bytes that are no text are escaped."""
    try:
        texts = {name.decode(): value.decode() for name, value in fields.items()}
        return json.dumps(texts, ensure_ascii=False).encode(), ""
    except UnicodeDecodeError:
        escape = "backslashreplace"
        texts = {name.decode(errors=escape): value.decode(errors=escape) for name, value in fields.items()}
        return json.dumps(texts, ensure_ascii=False).encode(), "A field of the entry is no text in UTF-8."


def time_of(entry_id: str) -> datetime | None:
    """Return when an entry was written, by the server's clock; None where its id does not say that."""
    since_epoch = int(entry_id.partition("-")[0])
    return datetime.fromtimestamp(since_epoch / 1000, UTC) if since_epoch in TIMES_MS else None


def first_id_of(at: datetime) -> str:
    """Return the id before which all entries are older."""
    return f"{max(int(at.timestamp() * 1000), 0)}-0"


def before(entry_id: str) -> str:
    """Return the id just before: whoever reads after it reads this one. Raises ValueError for what is none."""
    left, _, right = entry_id.partition("-")
    since_epoch, number = int(left), int(right or 0)
    if number:
        return f"{since_epoch}-{number - 1}"
    return f"{since_epoch - 1}-{MOST}" if since_epoch > 0 else "0-0"
