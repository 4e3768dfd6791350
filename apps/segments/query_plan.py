"""What a segment is to the database: its SQL, the plan, the indexes that serve it; for engineers."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from apps.segments import definitions
from apps.segments.definitions import Definition
from apps.segments.models import Segment


def explain(row: Segment, *, now: datetime) -> Iterator[str]:
    """Yield lines about a segment: its text, what it reads, the SQL with its parameters, and the plan.

    The query is planned, and not run. Raises DefinitionError for a broken definition.
    """
    yield f"{row.name} ({row.key}), {row.get_kind_display().lower()}, {row.size} members when they were last counted"
    if row.kind != Segment.Kind.CONDITION:
        return
    definition = definitions.compile(row)
    yield from ("", str(definition.condition), "")
    yield from _reads(definition)
    sql, params = definition.to_sql(now=now)
    query = f"SELECT p.id FROM profiles_profile AS p WHERE {sql}"  # noqa: S608 - it has its parameters beside it
    plan, lines = _plan(query, params)
    yield from ("", "SQL", query, "", "Parameters")
    yield from (f"{place}. {value!r}" for place, value in enumerate(params, 1))
    yield from ("", f"Indexes: {_listed(sorted(_indexes(plan)))}", "", "Plan", *lines)


def _reads(definition: Definition) -> Iterator[str]:
    reads = definition.reads
    yield f"Fields: {_listed(sorted(map(str, definition.fields)))}"
    yield f"Segments: {_listed(sorted(definition.segments))}"
    if reads.has_history:
        types = [*(["all that people did"] if reads.any_event_type else []), *sorted(reads.event_types)]
        yield f"Past events: {_listed(types)}"
        yield f"Fields of events: {_listed(sorted(map(str, reads.event_fields)))}"
        yield f"Looks back: {reads.look_back or 'without end'}"
    yield f"Changes while nothing happens: {'yes' if definition.is_time_dependent else 'no'}"


def _plan(query: str, params: list[Any]) -> tuple[dict[str, Any], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", params)
        found = cursor.fetchone()[0]
        cursor.execute(f"EXPLAIN {query}", params)
        lines = [line for (line,) in cursor.fetchall()]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan, lines


def _indexes(plan: dict[str, Any]) -> set[str]:
    """Name the indexes of a plan and of all its parts."""
    own = {plan["Index Name"]} if "Index Name" in plan else set()
    return own.union(*map(_indexes, plan.get("Plans", ())))


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
