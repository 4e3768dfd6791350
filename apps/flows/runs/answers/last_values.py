"""Whether something is what it was: of each person and node the digest of what was seen last is kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.core.ids import new_id
from apps.flows.runs.answers import Asked, answering

FIRST, CHANGED, SAME = "first", "changed", "same"
# What is the same stays as it was noted: it is forgotten so long after it came, however often it is looked at.
_SEE: Final = """
WITH seen AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[]
    ) AS seen (id, flow_id, node, profile_id, digest, at, forget_at)
), noted AS (
    INSERT INTO flows_lastvalue AS known (id, flow_id, node, profile_id, digest, at, forget_at) SELECT * FROM seen
    ON CONFLICT (flow_id, node, profile_id) DO UPDATE
        SET digest = excluded.digest, at = excluded.at, forget_at = excluded.forget_at
        WHERE known.digest <> excluded.digest OR known.forget_at <= excluded.at
)
SELECT known.flow_id, known.node, known.profile_id, known.digest FROM flows_lastvalue AS known
JOIN seen USING (flow_id, node, profile_id) WHERE known.forget_at IS NULL OR known.forget_at > seen.at
"""
_Key = tuple[UUID, str, UUID]


@answering("changed", keeps=True)
def changed(questions: Sequence[Asked]) -> list[Any]:
    """Say of each whether the person's value is another one than at the last time, and note it; of nobody all is new.

    Nobody is asked about twice: runs of one person ask one after the other.
    """
    seen = {key: (UUID(asked.about["digest"]), asked.now, _until(asked)) for asked in questions if (key := _key(asked))}
    before = _see(seen) if seen else {}
    return [_told(before.get(key), asked) if (key := _key(asked)) else FIRST for asked in questions]


def _key(asked: Asked) -> _Key | None:
    person = asked.subject.profile_id
    return (asked.run.flow_id, asked.question.node, person) if person else None


def _until(asked: Asked) -> datetime | None:
    secs = asked.about["within_secs"]
    return None if secs is None else asked.now + timedelta(seconds=secs)


def _see(seen: dict[_Key, tuple[UUID, datetime, datetime | None]]) -> dict[_Key, UUID]:
    """Note what is seen, and return what was seen before."""
    keys = sorted(seen)
    columns = [list(column) for column in zip(*((*key, *seen[key]) for key in keys), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_SEE, [[new_id() for _ in keys], *columns])
        return {(flow_id, node, profile_id): digest for flow_id, node, profile_id, digest in cursor.fetchall()}


def _told(before: UUID | None, asked: Asked) -> str:
    if before is None:
        return FIRST
    return SAME if before == UUID(asked.about["digest"]) else CHANGED
