"""People in the database: their layout, and how they are asked there."""

import json

from django.db import connection

from apps.conditions import Column, Columns, Condition, EventTable, Kind, Layout, to_sql
from apps.profiles import consents
from tests.conditions.people import CROWD, NOW, UNNAMED, Person

LAYOUT = Layout(
    columns=Columns(
        {
            "profile@text": Column("p.text", Kind.TEXT),
            "profile@number": Column("p.number", Kind.NUMBER),
            "profile@flag": Column("p.flag", Kind.BOOLEAN),
            "profile@at": Column("p.at", Kind.TIME),
            "profile@born": Column("p.born", Kind.TIME_TEXT),
            "profile@day": Column("p.day", Kind.DATE_TEXT),
            "profile@data": Column("p.data", Kind.JSON),
            "profile@traits": Column("p.traits", Kind.JSON),
            "profile@consents": Column("p.consents", Kind.JSON),
        }
    ),
    row_id="p.id",
    events=EventTable(
        table="events e",
        owner="e.profile_id",
        id="e.id",
        type="e.type",
        time="e.time",
        columns=Columns(
            {
                "event@type": Column("e.type", Kind.TEXT),
                "event@time": Column("e.time", Kind.TIME),
                "event@properties": Column("e.properties", Kind.JSON),
            }
        ),
        unnamed=UNNAMED,
    ),
    consents=consents.in_state,
)
COLUMNS = (
    "id int, text text, number numeric, flag boolean, at timestamptz, born text, day text, data jsonb, traits jsonb, "
    "consents jsonb, provenance jsonb"
)
EVENT_COLUMNS = "id uuid, profile_id int, type text, time timestamptz, properties jsonb"
# Everybody who is drawn, and the crowd, which is there already.
TABLES = f"""
    WITH profiles AS MATERIALIZED (
        SELECT * FROM crowd UNION ALL SELECT * FROM jsonb_to_recordset(%s::jsonb) AS p({COLUMNS})
    ), events AS MATERIALIZED (
        SELECT * FROM crowd_events UNION ALL SELECT * FROM jsonb_to_recordset(%s::jsonb) AS e({EVENT_COLUMNS})
    )
"""


def keep_crowd() -> None:
    """Keep the crowd in temporary tables, for they are asked often."""
    with connection.cursor() as cursor:
        # Nothing may depend on where the server is, or how it writes dates.
        cursor.execute("SET LOCAL TimeZone = 'Pacific/Chatham'; SET LOCAL DateStyle = 'SQL, DMY'")
        cursor.execute(f"CREATE TEMP TABLE crowd ({COLUMNS})")
        cursor.execute(f"CREATE TEMP TABLE crowd_events ({EVENT_COLUMNS})")
        profiles, events = rows(CROWD, first_id=0)
        cursor.execute(f"INSERT INTO crowd SELECT * FROM jsonb_to_recordset(%s::jsonb) AS p({COLUMNS})", [profiles])
        cursor.execute(
            f"INSERT INTO crowd_events SELECT * FROM jsonb_to_recordset(%s::jsonb) AS e({EVENT_COLUMNS})", [events]
        )


def rows(people: list[Person], *, first_id: int) -> tuple[str, str]:
    """Return people's profiles and events as JSON."""
    numbered = list(enumerate(people, first_id))
    profiles = [{"id": number, **profile} for number, (profile, _) in numbered]
    events = [{"profile_id": number, **event} for number, (_, events) in numbered for event in events]
    return json.dumps(profiles, default=str), json.dumps(events, default=str)


def found_by_sql(condition: Condition, people: list[Person]) -> list[bool]:
    """Evaluate the crowd and some people in one query."""
    sql, params = to_sql(condition, now=NOW, layout=LAYOUT)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{TABLES} SELECT {sql} IS TRUE FROM profiles p ORDER BY id",
            [*rows(people, first_id=len(CROWD)), *params],
        )
        return [row[0] for row in cursor.fetchall()]
