"""Messages of Kafka in Avro: schemas come from a registry, of a real server of HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME
from fastavro import schemaless_writer
from fastavro.schema import parse_schema

from apps.bridges import schema_registry
from apps.bridges.avro_schemas import is_recursive
from apps.bridges.connection_kind import Part
from apps.bridges.schema_registry import Registry
from apps.core.typed_settings import read
from apps.inbound.bridge_kind import kinds
from apps.inbound.bridge_kinds import kafka
from apps.inbound.received import Failure, Received
from apps.inbound.topics.decoding import Decoder
from tests.inbound.kafka_bridge import connection_of
from tests.outside import Outside, outside
from tests.systems.certificates import Authority

ORDER = {"type": "record", "name": "Order", "fields": [{"name": "n", "type": "int"}]}
ORDERS = {"name": "orders", "type": {"type": "array", "items": "Order"}}
NESTED = {"type": "record", "name": "Basket", "fields": [ORDERS]}


class FakeMessage:
    """A message as the client library gives it."""

    def __init__(self, value: bytes | None, key: bytes | None = None) -> None:
        self._value, self._key = value, key

    def value(self) -> bytes | None:
        return self._value

    def key(self) -> bytes | None:
        return self._key

    def topic(self) -> str:
        return "orders"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 7

    def headers(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return TIMESTAMP_CREATE_TIME, 1_700_000_000_000


class Schemas:
    """A registry."""

    def __init__(self, server: Outside) -> None:
        self.server = server
        self.answers: dict[str, Any] = {}
        server.handle = self._answer
        self.registry = Registry(connection_of("127.0.0.1:9092", registry_url=f"{server.address}/"))

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        found = self.answers.get(request.path)
        request.send_response(self.server.status if found or self.server.status != 200 else 404)
        request.end_headers()
        request.wfile.write(json.dumps(found or {"error_code": 40403}).encode())

    def knows(self, number: int, schema: Any, **more: Any) -> None:
        self.answers[f"/schemas/ids/{number}"] = {"schema": json.dumps(schema), **more}

    def asked(self) -> list[str]:
        return [taken.path for taken in self.server.taken]

    def read(self, value: bytes | None, key: bytes | None = None) -> Received:
        message: Any = FakeMessage(value, key)
        found = Decoder(self.registry, takes_tombstones=True).received(message, place="orders/0")
        assert found is not None
        return found


@pytest.fixture
def schemas() -> Iterator[Schemas]:
    with outside() as server:
        yield Schemas(server)


INNER = {"type": "record", "name": "B", "fields": [{"name": "n", "type": "int"}]}
TWICE = {"type": "record", "name": "A", "fields": [{"name": "one", "type": INNER}, {"name": "two", "type": "B"}]}
BACK = {"type": "record", "name": "B", "fields": [{"name": "a", "type": {"type": "map", "values": "A"}}]}
IN_TURN = {"type": "record", "name": "A", "fields": [{"name": "b", "type": BACK}]}


def written(number: int, schema: Any, said: Any) -> bytes:
    stream = BytesIO()
    schemaless_writer(stream, schema, said)
    return b"\0" + number.to_bytes(4) + stream.getvalue()


def test_what_a_schema_describes_is_read_and_the_schema_asked_for_once(schemas: Schemas) -> None:
    schemas.knows(7, ORDER)

    found = [schemas.read(written(7, ORDER, {"n": n})) for n in range(3)]

    assert [it.body for it in found] == [b'{"n":0}', b'{"n":1}', b'{"n":2}']
    assert {it.problem for it in found} == {""}
    assert schemas.asked() == ["/schemas/ids/7"]


def test_a_key_may_be_avro_as_well(schemas: Schemas) -> None:
    schemas.knows(7, ORDER)
    schemas.knows(8, "string")

    assert schemas.read(written(7, ORDER, {"n": 1}), written(8, "string", "anna")).about["key"] == "anna"
    assert schemas.read(written(7, ORDER, {"n": 1}), b"ben").about["key"] == "ben"


def test_headers_whose_names_are_no_text_are_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_message: FakeMessage) -> None:
        raise SystemError("returned a result with an exception set")  # so the client library does

    monkeypatch.setattr(FakeMessage, "headers", fail)
    message: Any = FakeMessage(b"{}")

    found = Decoder(None, takes_tombstones=False).received(message, place="orders/0")

    assert found is not None
    assert (found.body, found.headers, found.problem) == (b"{}", {}, "Its headers are not in UTF-8.")


def test_a_value_that_is_nested_too_deep_is_a_dead_letter_and_ends_no_process() -> None:
    """In a process of its own: the library's usual reader ends it."""
    program = """
from fastavro.schema import parse_schema
from apps.bridges.schema_registry import Registry
from apps.inbound.topics.decoding import Decoder
registry = Registry(None)
node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
registry._asked = lambda number: parse_schema(node, named_schemas={})
decoder = Decoder(registry, takes_tombstones=False)
head = bytes([0, 0, 0, 0, 7])
for depth in (2, 100_000):
    print(decoder.body(head + bytes([2]) * depth + bytes([0]))[depth > 2])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert ended.stdout == 'b\'{"next":{"next":{"next":null}}}\'\nIt is nested too deep.\n'


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("string", False),
        (ORDER, False),
        ({"type": "record", "name": "A", "fields": [{"name": "b", "type": {"type": "array", "items": "A"}}]}, True),
        (["null", {"type": "record", "name": "A", "fields": [{"name": "b", "type": ["null", "A"]}]}], True),
        (TWICE, False),
        (IN_TURN, True),
    ],
)
def test_schemas_that_stand_within_themselves_are_known(schema: Any, expected: bool) -> None:
    assert is_recursive(parse_schema(schema, named_schemas={})) is expected


def test_types_that_json_lacks_are_written_without_loss(schemas: Schemas) -> None:
    fields = {
        "at": {"type": "long", "logicalType": "timestamp-millis"},
        "day": {"type": "int", "logicalType": "date"},
        "total": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        "id": {"type": "string", "logicalType": "uuid"},
        "raw": "bytes",
        "text": "bytes",
        "maybe": ["null", "string"],
    }
    schema = {"type": "record", "name": "All", "fields": [{"name": name, "type": of} for name, of in fields.items()]}
    schemas.knows(9, schema)
    said = {
        "at": datetime(2026, 3, 1, 8, tzinfo=UTC),
        "day": date(2026, 3, 1),
        "total": Decimal("19.90"),
        "id": UUID(int=5),
        "raw": b"\xff\x00",
        "text": b"plain",
        "maybe": None,
    }

    assert json.loads(schemas.read(written(9, schema, said)).body) == {
        "at": "2026-03-01T08:00:00+00:00",
        "day": "2026-03-01",
        "total": "19.90",
        "id": "00000000-0000-0000-0000-000000000005",
        "raw": "/wA=",
        "text": "plain",
        "maybe": None,
    }


def test_schemas_that_refer_to_others_are_read(schemas: Schemas) -> None:
    schemas.knows(5, NESTED, references=[{"name": "Order", "subject": "shop/order", "version": 2}])
    schemas.answers["/subjects/shop%2Forder/versions/2"] = {"schema": json.dumps(ORDER)}
    whole = {**NESTED, "fields": [{"name": "orders", "type": {"type": "array", "items": ORDER}}]}

    assert schemas.read(written(5, whole, {"orders": [{"n": 1}]})).body == b'{"orders":[{"n":1}]}'


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"\0\0\0\0\x09\x02", "The schema registry knows no schema 9."),
        (b"\0\0\0\0\x07", "This is not as schema 7 says."),
        (b"\0\0\0\0\x07\x02\x02", "There is more in it than schema 7 says."),
        (b"\0\0\0\0\x08\x02", "Schema 8 is of the type PROTOBUF, and not of Avro."),
        (b"\0\0\0\0\x06\x02", "Schema 6 cannot be read."),
        (b'{"n": 1}', "This is no Avro of a schema registry: it begins with another byte than 0."),
        (b"", "This is no Avro of a schema registry: it begins with another byte than 0."),
        (b"\0\0", "This is no Avro of a schema registry: it begins with another byte than 0."),
    ],
)
def test_what_cannot_be_read_keeps_its_bytes_and_says_why(schemas: Schemas, value: bytes, problem: str) -> None:
    schemas.knows(7, ORDER)
    schemas.knows(8, "", schemaType="PROTOBUF")
    schemas.knows(6, {"type": "no such type"})

    found = schemas.read(value)

    assert (found.body, found.problem) == (value, problem)


def test_a_schema_that_is_unknown_is_asked_for_again_after_a_while(
    schemas: Schemas, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = written(7, ORDER, {"n": 1})
    schemas.read(value)
    schemas.read(value)
    assert schemas.asked() == ["/schemas/ids/7"]
    monkeypatch.setattr(schema_registry, "MISSING_SECS", 0.0)
    schemas.read(written(8, ORDER, {"n": 1}))
    schemas.knows(8, ORDER)

    assert schemas.read(written(8, ORDER, {"n": 1})).problem == ""


def test_a_dead_letter_is_decoded_once_the_schema_is_there(schemas: Schemas) -> None:
    left = schemas.read(written(7, ORDER, {"n": 1}))
    assert left.problem == "The schema registry knows no schema 7."
    schemas.knows(7, ORDER)

    connection = connection_of("127.0.0.1:9092", registry_url=schemas.server.address)
    settings = read(kafka.KafkaBridgeSettings, {"topics": ["orders"], "format": "avro"})
    assert kinds["kafka"].decode
    assert kinds["kafka"].decode(connection, settings)(left.body) == (b'{"n":1}', "")


@pytest.mark.parametrize(
    ("status", "part"), [(503, Part.NETWORK), (429, Part.NETWORK), (401, Part.SIGN_IN), (403, Part.RIGHT)]
)
def test_a_registry_that_is_away_makes_no_dead_letters(schemas: Schemas, status: int, part: Part) -> None:
    schemas.server.status = status

    with pytest.raises(Failure) as failure:
        schemas.read(written(7, ORDER, {"n": 1}))

    assert failure.value.part is part
    schemas.server.status = 200
    schemas.knows(7, ORDER)
    assert schemas.read(written(7, ORDER, {"n": 1})).body == b'{"n":1}'


def test_a_registry_that_nobody_answers_for_is_told() -> None:
    registry = Registry(connection_of("127.0.0.1:9092", registry_url="http://127.0.0.1:1"))

    with pytest.raises(Failure) as failure:
        registry.schema(1)

    assert failure.value.part is Part.NETWORK
    assert failure.value.told.startswith("The schema registry cannot be asked.")


def test_json_that_was_written_with_a_schema_is_json() -> None:
    message: Any = FakeMessage(b'\0\0\0\0\x07{"n": 1}')

    found = Decoder(None, takes_tombstones=False).received(message, place="orders/0")

    assert found is not None
    assert found.body == b'{"n": 1}'


def test_a_registry_of_an_authority_of_ones_own_is_asked(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("localhost")
    both = tmp_path / "both.pem"
    both.write_text(pair.certificate + pair.key)
    with outside(certificate=both) as server:
        server.status = 404
        url = f"https://localhost:{server.port}"
        known = connection_of("localhost:9092", security="tls", ca=authority.certificate, registry_url=url)
        Registry(known).check()
        with pytest.raises(Failure) as failure:
            Registry(connection_of("localhost:9092", security="tls", registry_url=url)).check()

    assert failure.value.part is Part.TLS
