"""Deciding in memory and deciding in PostgreSQL are the same, whatever is asked of whatever."""

import json
import os

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, note, settings

from apps.conditions import Column, Columns, Condition, EventTable, Kind, Layout, RecordedEvents, compile, parse, to_sql
from tests.conditions.people import CROWD, NOW, Person
from tests.conditions.strategies import CONDITIONS, PEOPLE

IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
N_CASES = int(os.environ.get("N", 0)) or (20_000 if IS_NIGHTLY else 500)

LAYOUT = Layout(
    columns=Columns(
        {
            "profile@text": Column("p.text", Kind.TEXT),
            "profile@number": Column("p.number", Kind.NUMBER),
            "profile@flag": Column("p.flag", Kind.BOOLEAN),
            "profile@at": Column("p.at", Kind.TIME),
            "profile@born": Column("p.born", Kind.TIME_TEXT),
            "profile@data": Column("p.data", Kind.JSON),
            "profile@traits": Column("p.traits", Kind.JSON),
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
    ),
)
COLUMNS = "id int, text text, number numeric, flag boolean, at timestamptz, born text, data jsonb, traits jsonb"
EVENT_COLUMNS = "id uuid, profile_id int, type text, time timestamptz, properties jsonb"
# Everybody who is drawn, and the crowd, which is there already.
TABLES = f"""
    WITH profiles AS MATERIALIZED (
        SELECT * FROM crowd UNION ALL SELECT * FROM jsonb_to_recordset(%s::jsonb) AS p({COLUMNS})
    ), events AS MATERIALIZED (
        SELECT * FROM crowd_events UNION ALL SELECT * FROM jsonb_to_recordset(%s::jsonb) AS e({EVENT_COLUMNS})
    )
"""


@pytest.fixture
def crowd(db: None) -> None:
    """Keep the crowd in temporary tables, for they are asked often."""
    with connection.cursor() as cursor:
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
    """Decide the crowd and some people in one query."""
    sql, params = to_sql(condition, now=NOW, layout=LAYOUT)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{TABLES} SELECT {sql} IS TRUE FROM profiles p ORDER BY id",
            [*rows(people, first_id=len(CROWD)), *params],
        )
        return [row[0] for row in cursor.fetchall()]


def found_in_memory(condition: Condition, people: list[Person]) -> list[bool]:
    """Decide one after the other."""
    matches = compile(condition)
    return [
        matches({"profile": profile}, now=NOW, history=RecordedEvents(events)) for profile, events in [*CROWD, *people]
    ]


@pytest.mark.usefixtures("crowd")
@pytest.mark.timeout(4 * 3600 if IS_NIGHTLY else 120)
@settings(
    max_examples=N_CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(CONDITIONS, PEOPLE)
def test_memory_and_sql_agree(condition: Condition, people: list[Person]) -> None:
    note(str(condition))

    assert found_by_sql(condition, people) == found_in_memory(condition, people)


@settings(max_examples=N_CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONDITIONS)
def test_text_of_a_tree_is_parsed_to_the_same_tree(condition: Condition) -> None:
    assert parse(str(condition)) == condition
