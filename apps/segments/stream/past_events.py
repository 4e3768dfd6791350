"""The past events that definitions ask about: of some people, in one statement, to be evaluated in memory."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson
from django.db import connection

from apps.conditions import Column, Kind, Reads
from apps.conditions.reads import longest
from apps.conditions.tree import Field
from apps.events import platform_events
from apps.events.store.condition_columns import COLUMNS

_ALWAYS = ("type", "time")  # what any event is asked for


class Asking(Protocol):
    """What asks about past events."""

    @property
    def reads(self) -> Reads:
        """What it depends on."""
        ...

    @property
    def has_history(self) -> bool:
        """Whether it asks at all."""
        ...


class Past:
    """What all definitions together have to see of past events."""

    def __init__(self, definitions: Iterable[Asking]) -> None:
        asking = [each.reads for each in definitions if each.has_history]
        named = {type for each in asking for type in each.event_types}
        if any(each.any_event_type for each in asking):
            self._of_types, self._types = "<> ALL", sorted(platform_events.types() - named)
        else:
            self._of_types, self._types = "= ANY", sorted(named)
        self._span = longest([each.look_back for each in asking])
        columns = _columns({field for each in asking for field in each.event_fields})
        # The parts of events that are looked at, each with whether it is a tree.
        self._parts = [(name, column.kind is Kind.JSON) for name, column in columns.items()]
        listed = "".join(f", {column.sql}{'::text' * (column.kind is Kind.JSON)}" for column in columns.values())
        self._select = (
            f"SELECT e.profile_id, e.id::text, e.type, e.time{listed} FROM events_event AS e "  # noqa: S608 - no values
            "WHERE e.profile_id = ANY(%s) AND e.is_valid AND e.time <= %s"
        )

    def of(
        self, profile_ids: Sequence[UUID], *, now: datetime, since: datetime | None = None
    ) -> dict[UUID, list[dict[str, Any]]]:
        """Return the events by profile, in any order, as far back as anybody looks now, or at any time since then."""
        statement = self._select
        params: list[Any] = [list(profile_ids), now]
        if self._types:
            statement, params = f"{statement} AND e.type {self._of_types}(%s)", [*params, self._types]
        if self._span is not None:
            # A second more: lengths are in days, and round.
            first = (since or now) - self._span - timedelta(seconds=1)
            statement, params = f"{statement} AND e.time >= %s", [*params, first]
        found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            for profile_id, id, type, time, *parts in cursor.fetchall():
                event = {"id": id, "type": type, "time": time}
                for (name, is_tree), part in zip(self._parts, parts, strict=True):
                    event[name] = orjson.loads(part) if is_tree else part
                found[profile_id].append(event)
        return found


def _columns(fields: Iterable[Field]) -> dict[str, Column]:
    """Return the columns of events that fields are in, but for those that are always asked for."""
    parts = {field.keys[0]: field for field in fields}
    return {name: COLUMNS.find(field)[0] for name, field in parts.items() if name not in _ALWAYS}
