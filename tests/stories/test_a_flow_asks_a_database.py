"""A flow asks a database of the shop what somebody has bought, writes there what it did, and keeps what it found."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.bridges.models import Delivery
from apps.flows.models import PersonRecord
from tests.bridges.test_postgresql_kind import port
from tests.stories.doors import Doors, chain, on_event
from tests.stories.passing_time import live_until

__all__ = ["port"]
pytestmark = pytest.mark.django_db(transaction=True)
NASTY = "x' OR '1'='1"


def connect(doors: Doors, port: int, name: str) -> None:
    info = connection.connection.info
    where = {"host": "127.0.0.1", "port": port, "database": info.dbname, "user": info.user}
    doors.connect(name, "postgresql", **where, password="open sesame", security="none")


def test_what_a_database_says_goes_on_with_the_person(doors: Doors, port: int) -> None:
    connect(doors, port, "Shop database")
    find = {
        "connection": "Shop database",
        "statement": "SELECT number, name FROM of_a_shop WHERE name = :name ORDER BY number",
        "parameters": {"name": "event@properties.name"},
    }
    write = {
        "connection": "Shop database",
        "statement": "INSERT INTO of_a_shop VALUES (100 + :n::int, :key)",
        "parameters": {"n": "payload@found.rows.0.number"},
    }
    nodes = {
        "find": ("sql-query", find),
        "write": ("sql-write", write),
        "keep": (
            "save-record",
            {"kind": "customer", "name": "shop", "data": {"number": "payload@found.rows.0.number"}},
        ),
    }
    others = ("find -> write", "find.refused -> end", "write -> keep", "write.refused -> end", "keep -> end")
    doors.publish("ask", chain(nodes, *others, triggers=on_event("looked-up")))
    for who, name in (("anna", "Ben"), ("bob", NASTY)):
        doors.sign_in(who)
        doors.track({"type": "looked-up", "properties": {"name": name}}, session=who)

    live_until(datetime.now(UTC))

    assert doors.states("ask")[0] == "finished"  # and nobody was found by the other: there is no row 0
    assert [row.data for row in PersonRecord.objects.all()] == [{"number": 2}]
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, name FROM of_a_shop WHERE number > 100")
        [(number, key)] = cursor.fetchall()
    assert number == 102
    assert Delivery.objects.filter(key=key, outcome=Delivery.Outcome.DELIVERED).count() == 1
