"""Which sessions somebody had: the latest ones that a node looks back for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.core import storable
from apps.core.fetch import fetch
from apps.flows.runs.answers import Asked, answering
from apps.flows.runs.answers.past import places_of
from apps.flows.runs.loading import session_scope
from apps.profiles import ledger
from apps.sessions.models import Session

# They are looked for where they lie, as events are: see past.py.
_LATEST: Final = """
SELECT asked.n, s.id
FROM jsonb_to_recordset(%s::jsonb) AS asked (n int, places uuid[], raw uuid[], since timestamptz, most int)
CROSS JOIN LATERAL (
    SELECT id, started_at FROM cdp_sessions_session
    WHERE profile_id = ANY(asked.places) AND started_at >= asked.since AND started_at <= %s
        AND (asked.raw IS NULL OR original_profile_id = ANY(asked.raw))
    ORDER BY started_at DESC, id DESC LIMIT asked.most
) AS s ORDER BY asked.n, s.started_at DESC, s.id DESC
"""


@answering("past_session")
def past_session(questions: Sequence[Asked]) -> list[Any]:
    """Return for each the latest sessions since a time, the latest first, as `scope['session']` has them."""
    people = {asked.subject.profile_id for asked in questions if asked.subject.profile_id}
    unmoved = ledger.unmoved(people) if people else set()
    sought = [
        _sought(n, asked.subject.profile_id, asked.about, unmoved)
        for n, asked in enumerate(questions)
        if asked.subject.profile_id
    ]
    found: list[list[dict[str, Any]]] = [[] for _ in questions]
    ids = _ids(sought, now=questions[0].now) if sought else []
    rows = fetch(Session, {id for _, id in ids}) if ids else {}
    for n, id in ids:
        found[n].append(_as_json(session_scope(rows[id])))
    return found


def _sought(n: int, profile_id: UUID, about: Mapping[str, Any], unmoved: Collection[UUID]) -> dict[str, Any]:
    places, raw = places_of(profile_id, unmoved)
    return {"n": n, "places": places, "raw": raw, "since": about["since"], "most": about["most"]}


def _ids(sought: Sequence[Mapping[str, Any]], *, now: datetime) -> list[tuple[int, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [storable.dumps(sought), now])
        return list(cursor.fetchall())


def _as_json(session: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in session.items()}
