"""Rows as messages: the row as JSON, and a key that is the same whenever the row is read, until it changes."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.inbound.received import Received
from apps.inbound.rows.cells import written
from apps.inbound.rows.queries import Queries, Row
from apps.inbound.rows.server import Nature
from apps.inbound.rows.settings import TableSettings


def message(queries: Queries, settings: TableSettings, row: Row, *, position: Any = None) -> Received:
    """Make a message of a row."""
    named = dict(zip((column.name for column in queries.columns), row.values, strict=True))
    body, at = orjson.dumps(named, default=written), moment_of(queries, row.mark.watermark)
    parts = [settings.name, row.mark.watermark, *(row.mark.key or ())]
    if at and not at.microsecond:
        # A clock of whole seconds, or days, does not tell a row from what it becomes a moment later.
        parts.append(hashlib.sha256(body).hexdigest()[:16])
    return Received(
        body=body,
        key=orjson.dumps(parts).decode(),
        place=settings.place,
        position=position,
        about={"table": settings.name, "watermark": row.mark.watermark, "key": ", ".join(row.mark.key or ())},
        at=at,
    )


def moment_of(queries: Queries, watermark: str | None) -> datetime | None:
    """Read a watermark as a time, unless it is a number; one without a zone is taken for UTC."""
    if not watermark or queries.watermark.nature is Nature.NUMBER:
        return None
    try:
        moment = datetime.fromisoformat(watermark)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
