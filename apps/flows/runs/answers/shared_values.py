"""Values that flows share, by keys: whoever changes one holds it, so that all are counted that are added at once."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from apps.core.fetch import fetch
from apps.core.ids import digest
from apps.core.upsert import update
from apps.flows.models import SharedValue
from apps.flows.runs.answers import LATER, Asked, answering
from apps.flows.runs.shared_rows import Table

SET, ADD, FORGET = "set", "add", "forget"
_MOST: Final = 10**15  # so much is told exactly by any reader of JSON
NO_NUMBER: Final = "What is there is no number, to which something can be added."
_ROWS: Final = Table(
    SharedValue,
    make="""
    INSERT INTO flows_sharedvalue (id, key, set_at, forget_at)
    SELECT id, '', %(now)s, %(now)s FROM unnest(%(ids)s::uuid[]) AS id ORDER BY id ON CONFLICT (id) DO NOTHING
    """,
    free="SELECT id FROM flows_sharedvalue WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
)


@answering("shared")
def shared(questions: Sequence[Asked]) -> list[Any]:
    """Return for each what is there under its key."""
    ids = [digest("shared", asked.about["key"]) for asked in questions]
    rows = fetch(SharedValue, set(ids))
    return [
        {"value": row.value} if (row := rows.get(id)) and row.forget_at > asked.now else {}
        for id, asked in zip(ids, questions, strict=True)
    ]


@answering("share", keeps=True)
def share(questions: Sequence[Asked]) -> list[Any]:
    """Do to each what is asked, one after the other."""
    ids = [digest("shared", asked.about["key"]) for asked in questions]
    rows = _ROWS.hold(ids, held=questions[0].held, now=questions[0].now)
    told = [_do(rows[id], asked) if id in rows else LATER for id, asked in zip(ids, questions, strict=True)]
    update(SharedValue, list(rows.values()), ["key", "value", "profile_id", "set_at", "forget_at"])
    return told


def _do(row: SharedValue, asked: Asked) -> Mapping[str, Any]:
    about = asked.about
    was: Any = row.value if row.forget_at > asked.now else None
    value: Any = None if about["do"] == FORGET else about["value"]
    if about["do"] == ADD:
        if was is not None and not _is_number(was):
            return {"refused": NO_NUMBER}
        value = min(max((was or 0) + about["value"], -_MOST), _MOST)
    row.key, row.value, row.set_at = about["key"], value, asked.now
    row.profile_id = asked.run.original_profile_id or asked.subject.profile_id
    row.forget_at = asked.now if about["do"] == FORGET else asked.now + timedelta(seconds=about["keep_secs"])
    return {"value": value}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
