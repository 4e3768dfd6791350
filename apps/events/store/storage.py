"""Events into their table by COPY, the fastest way that PostgreSQL has; and the memory of messages seen."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection

from apps.core import storable
from apps.events.store import partitions


class EventRow(NamedTuple):
    """An event as COPY wants it; the fields are the columns of `events_event`, in this order.

    What many events have in common is a text already: the driver would write it for each of them anew.
    """

    id: UUID
    time: str  # as `str` writes a datetime
    received_at: str
    processed_at: str
    type: str
    source_id: str
    session_id: UUID | None
    profile_id: UUID | None
    original_profile_id: UUID | None
    message_id: str | None
    journey: str | None
    is_silent: bool
    is_valid: bool
    tags: str  # see `array_literal`
    properties: str  # JSON texts from here on, see `json_text`
    traits: str
    context: str
    problems: str | None


COPY_EVENTS = f"COPY events_event ({', '.join(EventRow._fields)}) FROM STDIN"


REMEMBERED = "SELECT key, content FROM events_messagekey WHERE key = ANY(%s::uuid[])"
REMEMBER = """
INSERT INTO events_messagekey (key, received_at, content)
SELECT key, %s, content FROM unnest(%s::uuid[], %s::int[]) AS message (key, content)
"""


def copy(rows: Iterable[EventRow]) -> None:
    """Append events: one COPY for all of them. Their months must have partitions (`partitions.ensure`).

    PostgreSQL stores those that are there while the next ones are made: an iterator takes less time than a list.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    try:
        # Django translates the errors of its cursors' own methods alone, and COPY is none of them.
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(COPY_EVENTS) as target:
            for row in chain((first,), rows):
                target.write_row(row)
    except IntegrityError:  # as when another process has dropped a month
        partitions.look_again()
        raise


def remembered(keys: Collection[str]) -> dict[str, int | None]:
    """Return those of the keys that are known: their messages are stored; and what sums up their content, if noted.

    A key is the 32 hex digits of its UUID.
    """
    if not keys:
        return {}
    with connection.cursor() as cursor:
        # One text: the driver would write a list value by value.
        cursor.execute(REMEMBERED, [f"{{{','.join(keys)}}}"])
        return {key.hex: content for key, content in cursor.fetchall()}


def remember(keys: Mapping[str, int | None], *, at: datetime) -> None:
    """Note the keys of messages that are stored now, with their content. Raises IntegrityError when one is known."""
    ordered = sorted(keys)
    if ordered:
        contents = ",".join([str(keys[key]) for key in ordered]).replace("None", "NULL")
        with connection.cursor() as cursor:
            cursor.execute(REMEMBER, [at, f"{{{','.join(ordered)}}}", f"{{{contents}}}"])


def json_text(value: Any) -> str:
    """Write a value as JSON text for a jsonb column."""
    return "{}" if value == {} else storable.dumps(value)


@lru_cache(maxsize=1_024)
def array_literal(texts: tuple[str, ...]) -> str:
    """Write texts as a PostgreSQL array: {"a","b"}; quotes and backslashes inside are escaped."""
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"
