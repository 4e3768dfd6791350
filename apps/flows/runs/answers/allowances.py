"""Limits and turns: so many in a while, and one after the other. Rows are locked: it is exact."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from apps.core.ids import digest
from apps.core.upsert import update
from apps.flows.models import Allowance
from apps.flows.runs.answers import LATER, Asked, answering
from apps.flows.runs.shared_rows import Table

_ROWS: Final = Table(
    Allowance,
    make="""
    INSERT INTO flows_allowance (id, passed, forget_at)
    SELECT id, '{}', %(now)s FROM unnest(%(ids)s::uuid[]) AS id ORDER BY id ON CONFLICT (id) DO NOTHING
    """,
    free="SELECT id FROM flows_allowance WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
)
_MS: Final = timedelta(milliseconds=1)


@answering("limit", keeps=True)
def limit(questions: Sequence[Asked]) -> list[Any]:
    """Say of each whether it is among the first so many of any such while; if so, it counts."""
    ids = [digest("limit", asked.about["key"]) for asked in questions]
    rows = _hold(ids, questions)
    passed = [_pass(rows[id], asked) if id in rows else LATER for id, asked in zip(ids, questions, strict=True)]
    _write(rows.values())
    return passed


def _pass(row: Allowance, asked: Asked) -> bool:
    now_ms, window = round(asked.now.timestamp() * 1_000), timedelta(seconds=asked.about["window_secs"])
    row.passed = [at for at in row.passed if at > now_ms - window // _MS]
    if len(row.passed) >= asked.about["limit"]:
        return False
    row.passed.append(now_ms)
    row.forget_at = max(row.forget_at, asked.now + window)
    return True


@answering("slot", keeps=True)
def slot(questions: Sequence[Asked]) -> list[Any]:
    """Give each its turn: the first one that is free."""
    ids = [digest("slot", asked.about["key"]) for asked in questions]
    rows = _hold(ids, questions)
    found = [_slot(rows[id], asked) if id in rows else LATER for id, asked in zip(ids, questions, strict=True)]
    _write(rows.values())
    return found


def _slot(row: Allowance, asked: Asked) -> str:
    turn = _turn(row, timedelta(seconds=asked.about["every_secs"]), asked.now)
    return (turn - asked.run.behind).isoformat()


def turns(key: str, count: int, every: timedelta, *, now: datetime) -> list[datetime]:
    """Give so many their turns, one after the other, so far apart; in the caller's transaction, before any question."""
    id = digest("turns", key)
    row = _ROWS.wait_for([id], now=now)[id]
    found = [_turn(row, every, now) for _ in range(count)]
    _write([row])
    return found


def _turn(row: Allowance, every: timedelta, now: datetime) -> datetime:
    found = max(row.next_at or now, now)
    row.next_at = row.forget_at = found + every
    return found


def _hold(ids: Sequence[UUID], questions: Sequence[Asked]) -> dict[UUID, Allowance]:
    theirs = {id for id, asked in zip(ids, questions, strict=True) if _is_theirs(asked)}
    return _ROWS.hold(ids, theirs=theirs, held=questions[0].held, now=questions[0].now)


def _is_theirs(asked: Asked) -> bool:
    """Tell whether a key is one of the person alone: nobody else holds it, as the person is held."""
    person = asked.subject.profile_id
    return person is not None and asked.about["key"].endswith(f":{person}")


def _write(rows: Collection[Allowance]) -> None:
    update(Allowance, list(rows), ["passed", "next_at", "forget_at"])
