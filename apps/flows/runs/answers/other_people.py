"""Who else is meant: people whom a node names, with what it wants to know of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from apps.core import paths
from apps.core.fetch import fetch
from apps.core.paths import MISSING
from apps.flows.runs.answers import Asked, answering
from apps.profiles import lookup
from apps.profiles.models import Profile
from apps.segments import language

MOST: Final = 2  # that there are several says that nobody is meant


@answering("people")
def people(questions: Sequence[Asked]) -> list[Any]:
    """Return for each the people whom its text names, with the fields that it wants; two where there are more."""
    named = lookup.people_of({asked.about["named"] for asked in questions})
    wanted = [sorted(named[asked.about["named"]])[:MOST] for asked in questions]
    rows = fetch(Profile, {id for ids in wanted for id in ids})
    return [
        [_shown(rows[id], asked.about["fields"]) for id in ids if id in rows]
        for ids, asked in zip(wanted, questions, strict=True)
    ]


def _shown(row: Profile, fields: Iterable[str]) -> dict[str, Any]:
    known, found = language.document_of(row, ())["profile"], {"id": str(row.id)}
    for field in fields:
        value = paths.get(known, field)
        if value is not MISSING:
            paths.put(found, field, _as_json(value))
    return found


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
