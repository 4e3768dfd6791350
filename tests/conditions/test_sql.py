"""SQL of conditions is plain where an index must serve, and has letters and times as memory has them."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conditions import Column, Columns, ConditionError, EventTable, Kind, Layout, Sql, parse, to_sql, values
from apps.conditions.functions import FUNCTIONS
from apps.conditions.sql import functions as sql_functions
from apps.conditions.tree import Not
from tests.conditions import test_evaluate, test_history
from tests.conditions.database import EVENT_COLUMNS, LAYOUT, found_by_sql, keep_crowd
from tests.conditions.people import CROWD

NOW = datetime(2024, 3, 1, tzinfo=UTC)


def compiled(text: str, layout: Layout = LAYOUT) -> tuple[str, list[Any]]:
    return to_sql(parse(text), now=NOW, layout=layout)


@pytest.mark.parametrize(
    ("text", "sql", "params"),
    [
        ('profile@text = "a"', "(p.text = %s)", ["a"]),
        ("profile@number >= 5", "(p.number >= %s)", [5]),
        ("profile@number BETWEEN 1 AND 2", "((p.number >= %s) AND (p.number <= %s))", [1, 2]),
        ('profile@text IN ["a", "b"]', "(p.text IN (%s, %s))", ["a", "b"]),
        ('profile@text IN ["a", 5]', "(p.text = %s)", ["a"]),
        ("profile@text NOT EXISTS", "(p.text IS NULL)", []),
        ("profile@flag = TRUE", "(p.flag = %s)", [True]),
        ('profile@data.plan = "pro"', "((p.data ->> %s) = %s)", ["plan", "pro"]),
        ("profile@data.a.b > 5", "(p.data @@ %s::jsonpath)", ['strict $."a"."b" > 5']),
        ("profile@at < now() - 1 DAY", "(p.at < %s::timestamptz)", [datetime(2024, 2, 29, tzinfo=UTC)]),
        (
            "profile@born < now()",
            '(p.born COLLATE "C" < %s)',
            ["2024-03-01T00:00:00+00:00"],
        ),
        ("1 < 2", "(TRUE)", []),
        ("profile@text.below = [NULL]", "(TRUE)", []),  # a text has no parts: that is nothing
        ("[NULL] = profile@text.below", "(TRUE)", []),
        ("profile@text.below = 5", "(FALSE)", []),
        ("5 = profile@text.below", "(FALSE)", []),
        ('profile@number = "a"', "(FALSE)", []),
        (
            'DID("view" LAST 1 DAY)',
            "(EXISTS (SELECT FROM events e WHERE (e.profile_id = p.id) AND (e.type IN (%s)) "
            "AND (e.time <= %s) AND (e.time >= %s)))",
            ["view", NOW, datetime(2024, 2, 29, tzinfo=UTC)],
        ),
    ],
)
def test_simple_condition_is_simple_sql(text: str, sql: str, params: list[Any]) -> None:
    assert compiled(text) == (sql, params)


def test_contrary_holds_where_nothing_is_known() -> None:
    assert compiled('profile@text != "a"')[0] == "((p.text = %s) IS NOT TRUE)"
    assert compiled("NOT profile@number < 5")[0] == "(p.number >= %s)"  # unknown stays unknown


def test_rows_without_events_count_where_none_is_enough() -> None:
    assert compiled('COUNT("view") >= 3')[0].startswith("(EXISTS (")
    assert compiled('COUNT("view") < 3')[0].startswith("(NOT EXISTS (")
    assert compiled('SUM(event@properties.a OF "view") != 0')[0].startswith("(EXISTS (")
    assert compiled('AVERAGE(event@properties.a OF "view") < 3')[0].startswith("(EXISTS (")


def test_values_are_parameters_and_never_text_of_the_query() -> None:
    sql, params = compiled('profile@data["x\' OR 1=1"] = "\'; DROP TABLE p; --%s" AND COUNT("it\'s") > 1')

    assert "DROP" not in sql
    assert "OR 1=1" not in sql
    assert sql.count("%s") == len(params)


def test_events_can_be_narrowed_to_those_of_some_rows() -> None:
    events = LAYOUT.events
    assert events
    narrow = Layout(
        LAYOUT.columns, LAYOUT.row_id, EventTable(**{**vars(events), "only": Sql("e.profile_id = ANY(%s)", ([7],))})
    )

    sql, params = compiled('COUNT("view") > 1', narrow)

    assert "AND (e.profile_id = ANY(%s))" in sql
    assert [7] in params


def test_part_of_a_column_is_a_field_of_its_own() -> None:
    layout = Layout(
        Columns({"profile@data": Column("p.data", Kind.JSON), "profile@data.x": Column("p.x", Kind.NUMBER)})
    )

    assert compiled("profile@data.x = 1", layout) == ("(p.x = %s)", [1])
    assert compiled("profile@data.x.y = 1", layout) == ("(FALSE)", [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("session@x = 1", "session@x cannot be asked about here. Expected profile@."),
        ("profile@tex = 1", "profile@tex cannot be asked about here. Did you mean profile@text?"),
        ("profile@... EXISTS", "cannot be asked about here"),
        ('COUNT("a" WHERE event@traits.x = 1) > 1', "event@traits.x cannot be asked about here"),
    ],
)
def test_field_that_has_no_column_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        compiled(text)


def test_events_are_refused_where_there_are_none() -> None:
    with pytest.raises(ConditionError, match="Past events cannot be asked about here"):
        compiled('DID("a")', Layout(LAYOUT.columns))


def test_each_function_is_there_in_sql() -> None:
    assert set(sql_functions.FUNCTIONS) | {"now"} == set(FUNCTIONS)


@pytest.mark.django_db
def test_letters_have_the_same_cases_in_the_database() -> None:
    letters = [chr(code) for code in range(1, 0x11000) if not 0xD800 <= code < 0xE000]
    layout = Layout(
        Columns({"profile@letter": Column("p.letter", Kind.TEXT), "profile@other": Column("p.other", Kind.TEXT)})
    )

    for function, convert in (("lowercase", values.lowercase), ("uppercase", values.uppercase)):
        sql, params = compiled(f"{function}(profile@letter) != profile@other", layout)
        rows = "unnest(%s::text[], %s::text[]) AS p(letter, other)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT letter FROM {rows} WHERE {sql}", [letters, [convert(letter) for letter in letters], *params]
            )
            assert cursor.fetchall() == []


TIME_LIKE = st.from_regex(values.TIME_WITH_ZONE, fullmatch=True) | st.from_regex(
    values.TIME_WITHOUT_ZONE, fullmatch=True
)


@pytest.mark.django_db
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TIME_LIKE, min_size=1, max_size=20))
def test_texts_that_look_like_times_are_the_same_times_in_the_database(texts: list[str]) -> None:
    layout = Layout(Columns({"profile@text": Column("p.text", Kind.TEXT), "profile@time": Column("p.time", Kind.TIME)}))
    sql, params = compiled("datetime(profile@text) != profile@time", layout)
    times = [values.as_time(text) for text in texts]

    with connection.cursor() as cursor:
        rows = "unnest(%s::text[], %s::timestamptz[]) AS p(text, time)"
        cursor.execute(f"SELECT text FROM {rows} WHERE {sql}", [texts, times, *params])
        differing = cursor.fetchall()

    assert None not in times
    assert differing == []


@pytest.mark.django_db
def test_examples_of_tests_and_functions_are_the_same_in_the_database() -> None:
    layout = Layout(
        Columns({"payload@...": Column("p.payload", Kind.JSON), "payload@at": Column("p.at", Kind.TIME)}),
    )
    trees = [parse(text.replace("session@x", "payload@session")) for text, _ in test_evaluate.CASES]
    now = test_evaluate.NOW
    asked = [to_sql(each, now=now, layout=layout) for tree in trees for each in (tree, Not(tree))]
    payload = json.dumps({**test_evaluate.PAYLOAD, "at": None})

    columns = ", ".join(f"{sql} IS TRUE" for sql, _ in asked)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM (SELECT %s::jsonb AS payload, %s::timestamptz AS at) AS p",
            [*(param for _, params in asked for param in params), payload, test_evaluate.PAYLOAD["at"]],
        )
        (found,) = cursor.fetchall()

    decided = [
        is_true or (False if is_false else None) for is_true, is_false in zip(found[::2], found[1::2], strict=True)
    ]
    assert list(zip(trees, decided, strict=True)) == [
        (tree, expected) for tree, (_, expected) in zip(trees, test_evaluate.CASES, strict=True)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("text", test_history.TRUE_OF_HISTORY)
def test_examples_of_past_events_are_the_same_in_the_database(text: str) -> None:
    sql, params = to_sql(parse(text), now=test_history.NOW, layout=LAYOUT)
    events = [{**event, "id": str(UUID(int=n)), "profile_id": 1} for n, event in enumerate(test_history.EVENTS)]
    rows = f"SELECT * FROM jsonb_to_recordset(%s::jsonb) AS e({EVENT_COLUMNS})"

    with connection.cursor() as cursor:
        query = f"WITH events AS ({rows}) SELECT id FROM (VALUES (1)) AS p(id) WHERE {sql}"
        cursor.execute(query, [json.dumps(events, default=str), *params])

        assert cursor.fetchall() == [(1,)]


@pytest.mark.django_db
def test_condition_finds_rows_by_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE p AS SELECT n AS number, n::text AS text FROM generate_series(1, 10000) n")
        cursor.execute("CREATE INDEX ON p (text); CREATE INDEX ON p (number); ANALYZE p")
        for text in ('profile@text = "77"', "profile@number < 7", 'profile@text IN ["1", "2"]'):
            sql, params = compiled(text)
            cursor.execute(f"EXPLAIN SELECT * FROM p WHERE {sql}", params)

            assert "Index" in str(cursor.fetchall())


@pytest.mark.django_db
def test_crowd_is_asked() -> None:
    keep_crowd()

    found = found_by_sql(parse("profile@number > 1"), [])

    assert len(found) == len(CROWD)
    assert {True, False} == set(found)
