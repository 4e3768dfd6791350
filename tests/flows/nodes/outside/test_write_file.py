"""Files to buckets: what is put there, and by which way people go on."""

from typing import Any

import pytest

from apps.flows.engine.moves import Delivered, Fail, Go, Skipped, Stay
from apps.flows.testing import refused, visit
from tests.bridges.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
FILE: dict[str, Any] = {
    "connection": "Warehouse",
    "name": "orders/{{ event@properties.id }}/:key.json",
    "json": {"total": "event@properties.total"},
}
EVENT = {"properties": {"id": " 7 ", "total": 9.5, "up": "../../x"}}


@pytest.fixture(autouse=True)
def _bucket() -> None:
    ConnectionFactory(name="Warehouse", kind="s3")


def test_json_is_put_there_with_its_type() -> None:
    move = visit("s3-file", FILE, event=EVENT)

    assert isinstance(move, Stay)
    assert move.sent
    said = {"name": "orders/ 7 /:key.json", "text": '{"total":9.5}', "content_type": "application/json"}
    assert move.sent.request == said


def test_what_json_has_no_room_for_is_told() -> None:
    assert visit("s3-file", {**FILE, "json": {"n": "{{ 99999999999 * 99999999999 }}"}}, event=EVENT) == Fail(
        "The file is no JSON."
    )


def test_a_text_has_the_type_that_somebody_says() -> None:
    said = {"connection": "Warehouse", "name": "a.csv", "content": "text", "text": "{{ event@properties.total }};1"}

    move = visit("s3-file", {**said, "content_type": "text/csv", "is_waited_for": False}, event=EVENT)

    assert isinstance(move, Go)
    assert [each.request["text"] for each in move.sent] == ["9.5;1"]
    assert [each.request["content_type"] for each in move.sent] == ["text/csv"]


@pytest.mark.parametrize(
    ("wake", "move"),
    [
        (Delivered("delivered", {"body": '{"name": "a"}'}), Go(payload={"a": 1, "file": {"name": "a"}})),
        (Delivered("refused", None, "No."), Go("refused", payload={"a": 1, "error": "No."})),
        (Delivered("expired", None, "Too late."), Fail("Too late.")),
        (Skipped(), Fail("Somebody let them go on before it was known how it went.", is_given_up=True)),
    ],
)
def test_people_go_on_as_it_went(wake: Any, move: Any) -> None:
    assert visit("s3-file", FILE, wake=wake, payload={"a": 1}, event=EVENT) == move


def test_nobody_leads_a_file_out_of_its_folder() -> None:
    move = visit("s3-file", {**FILE, "name": "orders/{{ event@properties.up }}"}, event=EVENT)

    assert isinstance(move, Fail)
    assert "folders" in move.reason


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"content_type": "csv"}, "content_type", "text/csv"),
        ({"name": "{{ nonsense }}"}, "name", ""),
        ({"json": {"a": "{{ x }}"}}, "json.a", ""),
        ({"connection": "Elsewhere"}, "connection", "There is no connection Elsewhere"),
        ({"into": "a b"}, "into", "letters"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(changed: dict[str, Any], field: str, message: str) -> None:
    found = refused("s3-file", {**FILE, **changed})

    assert message in found.get(field, "nothing"), found
