"""Statements of flows: what is sent to a database, what comes back, and what is refused when it is saved."""

from typing import Any

import pytest

from apps.flows.engine.moves import Delivered, Fail, Go, Skipped, Stay
from apps.flows.testing import refused, visit
from tests.bridges.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
QUERY: dict[str, Any] = {
    "connection": "Shop database",
    "statement": "SELECT total FROM orders WHERE customer = :customer",
    "parameters": {"customer": "profile@id"},
}
WRITE = {**QUERY, "statement": "INSERT INTO calls VALUES (:key, :customer)"}
KNOWN: dict[str, Any] = {"profile": {"id": "p1"}}


@pytest.fixture(autouse=True)
def _database() -> None:
    ConnectionFactory(name="Shop database", kind="postgresql")


@pytest.mark.parametrize(
    ("kind", "settings", "limits"),
    [("sql-query", QUERY, {"is_read": True, "most": 100}), ("sql-write", WRITE, {"is_read": False, "most": 0})],
)
def test_values_go_beside_the_statement(kind: str, settings: dict[str, Any], limits: dict[str, Any]) -> None:
    move = visit(kind, settings, **KNOWN)

    assert isinstance(move, Stay)
    assert move.sent
    assert move.sent.request == {"statement": settings["statement"], "parameters": {"customer": "p1"}, **limits}


@pytest.mark.parametrize(
    ("kind", "wake", "move"),
    [
        ("sql-query", Delivered("delivered", {"body": '{"rows": [1]}'}), Go(payload={"a": 1, "found": {"rows": [1]}})),
        ("sql-write", Delivered("delivered", {"body": '{"count": 2}'}), Go(payload={"a": 1, "written": {"count": 2}})),
        ("sql-query", Delivered("refused", None, "42P01."), Go("refused", payload={"a": 1, "error": "42P01."})),
        ("sql-query", Delivered("expired", None, "Too late."), Fail("Too late.")),
        ("sql-query", Skipped(), Fail("Somebody let them go on before it was known how it went.", is_given_up=True)),
    ],
)
def test_people_go_on_as_it_went(kind: str, wake: Any, move: Any) -> None:
    assert visit(kind, QUERY if kind == "sql-query" else WRITE, wake=wake, payload={"a": 1}, **KNOWN) == move


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"statement": "SELECT :a, :customer"}, "parameters", "The statement has :a, and no value"),
        ({"statement": "SELECT ':customer'"}, "parameters.customer", "has no :customer"),
        ({"parameters": {"customer": "profile@id", "key": "x"}}, "parameters.key", "that of the delivery"),
        ({"statement": "SELECT '{{ profile@id }}', :customer"}, "statement", "Nothing is filled into a statement"),
        ({"most": 5_000}, "most", "At most 1,000"),
        ({"parameters": {"customer": "{{ x }}"}}, "parameters.customer", "no reference"),
        ({"connection": "Shop"}, "connection", "There is no connection Shop"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(changed: dict[str, Any], field: str, message: str) -> None:
    found = refused("sql-query", {**QUERY, **changed})

    assert message in found.get(field, ""), found
