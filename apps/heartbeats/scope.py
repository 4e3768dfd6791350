"""Of whom a heartbeat speaks: a page of those who are silent is narrowed to them, each question in one statement."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import connection

from apps import conditions
from apps.conditions.reads import reads
from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.silent import Silent
from apps.heartbeats.strategy import Of
from apps.profiles import ledger
from apps.segments import language

_ASKED: Final = "SELECT p.id FROM profiles_profile AS p WHERE p.id = ANY(%s) AND {condition}"
# By the index of a person's events; of a whole page one look each.
_CAME_THROUGH: Final = """
SELECT DISTINCT owner FROM unnest(%s::uuid[], %s::uuid[]) AS raw (id, owner)
WHERE EXISTS (SELECT FROM events_event AS e WHERE e.profile_id = raw.id AND e.source_id = %s)
"""


def narrow(heartbeat: Heartbeat, found: Sequence[Silent], *, now: datetime) -> list[Silent]:
    """Return those of whom the heartbeat speaks, in their order. Raises DefinitionError for a broken condition."""
    if not heartbeat.includes_bots:
        found = [silent for silent in found if not silent.is_bot]
    questions = list(_questions(heartbeat, now=now))
    if not questions:
        return list(found)
    living = ledger.living_ids({silent.profile_id for silent in found if silent.profile_id})
    left = set(living.values())
    for holds_for in questions:
        left &= holds_for(left)
    return [silent for silent in found if silent.profile_id and living[silent.profile_id] in left]


def _questions(heartbeat: Heartbeat, *, now: datetime) -> Iterator[Callable[[Collection[UUID]], set[UUID]]]:
    """Yield what is asked of people: functions that return those of whom the answer is yes."""
    condition = definitions.condition_of(heartbeat)
    if condition is not None:
        yield partial(_matching, condition, now=now)
    if heartbeat.source_id and definitions.strategy_of(heartbeat).of is Of.PROFILE:  # a session says so itself
        yield partial(_came_through, heartbeat.source_id)


def _matching(condition: conditions.Condition, ids: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Evaluate a condition; those whose past events are not in their place yet wait until they are."""
    if reads(condition).has_history:
        ids = set(ids) - ledger.unmoved(ids)
    listed = list(ids)
    sql, params = conditions.to_sql(condition, now=now, layout=language.layout(listed))
    with connection.cursor() as cursor:
        cursor.execute(_ASKED.format(condition=sql), [listed, *params])
        return {id for (id,) in cursor.fetchall()}


def _came_through(source_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    owners = ledger.owners(ids)
    with connection.cursor() as cursor:
        cursor.execute(_CAME_THROUGH, [list(owners), list(owners.values()), source_id])
        return {id for (id,) in cursor.fetchall()}
