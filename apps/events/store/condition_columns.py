"""What conditions may ask about an event: where each field is in the database, and how it is read in memory."""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from apps.conditions import Column, Columns, Condition, Kind, Layout, to_sql
from apps.events.models import Event

ALIAS: Final = "e"  # of the table of events, in conditions


class Part(NamedTuple):
    """A field that is no part of a tree: what it is for people, in the database, and in memory."""

    label: str
    sql: str
    kind: Kind
    read: Callable[[Any], Any]


PARTS: Final[dict[str, Part]] = {
    "type": Part("Type", "e.type", Kind.TEXT, attrgetter("type")),
    "time": Part("Time", "e.time", Kind.TIME, attrgetter("time")),
    "journey": Part("Journey", "e.journey", Kind.TEXT, attrgetter("journey")),
    "tags": Part("Tags", "to_jsonb(e.tags)", Kind.JSON, attrgetter("tags")),
    "properties": Part("Properties", "e.properties", Kind.JSON, attrgetter("properties")),
    "traits": Part("Traits", "e.traits", Kind.JSON, attrgetter("traits")),
    "context": Part("Context", "e.context", Kind.JSON, attrgetter("context")),
}
COLUMNS: Final = Columns({f"event@{path}": Column(part.sql, part.kind) for path, part in PARTS.items()})


def narrowed(events: QuerySet[Event], condition: Condition, *, now: datetime) -> QuerySet[Event]:
    """Leave the events of which a condition is true. Raises ConditionError for one that asks about anything else."""
    sql, params = to_sql(condition, now=now, layout=Layout(columns=COLUMNS))
    named = events.all()
    named.query.change_aliases({named.query.get_initial_alias(): ALIAS})
    return named.extra(where=[sql], params=params)  # noqa: S610 - to_sql writes no value into its text
