"""Bridges from streams of Redis, with a real Valkey."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from apps.bridges.connection_kind import Part
from apps.core.typed_settings import SettingsError, read
from apps.inbound.bridge_kind import Seek, To
from apps.inbound.bridge_kinds import redis as kind
from apps.inbound.received import Failure, Lag, Received
from apps.inbound.redis import portion
from apps.inbound.redis.settings import RedisBridgeSettings
from tests.inbound.redis_bridge import add, bodies, bridge, connection, context, fault, looked, opened
from tests.live import wait_for
from tests.systems.valkey import ValkeyServer, valkey_server

pytestmark = pytest.mark.xdist_group("redis")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    with valkey_server(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(server: ValkeyServer) -> None:
    server.client.flushall()


def test_an_entry_is_a_message_with_its_id_as_key(server: ValkeyServer) -> None:
    [entry_id] = add(server, '{"a": 1}', trace="7")

    with opened(server, bridge()) as reader:
        [message] = reader.read(10, secs=1)

    assert message.body == b'{"a": 1}'
    assert message.key == f"0/orders/{entry_id}"
    assert message.headers == {"trace": "7"}
    assert message.about == {"stream": "orders", "entry": entry_id}
    assert message.at is not None
    assert abs((message.at - datetime.now(UTC)).total_seconds()) < 60
    assert not message.is_repeated


def test_an_entry_without_the_field_is_taken_whole(server: ValkeyServer) -> None:
    server.client.xadd("orders", {"type": "paid", "sum": "3"}, id="5-1")
    server.client.xadd("orders", {"type": b"\xff"}, id="5-2")

    with opened(server, bridge()) as reader:
        whole, broken = reader.read(10, secs=1)

    assert (whole.body, whole.headers, whole.problem, whole.at) == (b'{"type": "paid", "sum": "3"}', {}, "", None)
    assert broken.body == rb'{"type": "\\xff"}'
    assert "no text in UTF-8" in broken.problem


def test_what_is_not_settled_comes_again_to_who_took_it(server: ValkeyServer) -> None:
    add(server, "1", "2", "3")
    with opened(server, bridge()) as reader:
        first, *_ = reader.read(10, secs=1)
        reader.settle([first])

    with opened(server, bridge()) as reader:
        again = reader.read(10, secs=1)
        add(server, "4")
        new = reader.read(10, secs=1)

    assert bodies(again) == ["2", "3"]
    assert all(message.is_repeated for message in again)
    assert bodies(new) == ["4"]


def test_replicas_share_a_stream_and_take_over_from_the_dead(server: ValkeyServer) -> None:
    add(server, "1", "2", "3", "4")
    patient = bridge(min_idle="1 hour")
    with opened(server, patient) as one, opened(server, patient, replica="here-2") as two:
        lost = one.read(2, secs=1)
        taken = two.read(2, secs=1)
        two.settle(taken)
    with opened(server, bridge(), replica="here-2") as two:
        found: list[Received] = []

        def has_all() -> bool:
            found.extend(two.read(10, secs=0.1))
            return len(found) == 2

        wait_for(has_all, "the entries of the dead")
        two.settle(found)
        assert two.lag().n_waiting == 0

    assert [bodies(lost), bodies(taken), bodies(found)] == [["1", "2"], ["3", "4"], ["1", "2"]]
    assert {message.key for message in lost} == {message.key for message in found}


def test_a_dead_reader_that_holds_nothing_is_removed(server: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind.streams, "GONE_AFTER", 0)
    add(server, "1", "2")
    with opened(server, bridge(), replica="gone-1") as gone:
        gone.settle(gone.read(1, secs=1))
    with opened(server, bridge(), replica="holds-1") as holds:
        holds.read(1, secs=1)

    with opened(server, bridge()) as reader:

        def names() -> set[bytes]:
            reader.read(10, secs=0.1)
            return {each["name"] for each in server.client.xinfo_consumers("orders", context().group)}  # type: ignore[union-attr]

        wait_for(lambda: b"gone-1" not in names(), "the consumer to be removed")


def test_many_streams_share_what_may_be_read_at_once(server: ValkeyServer) -> None:
    settings = bridge(keys=["a", "b", "c"])
    add(server, *"123456", to="a")
    add(server, "7", to="c")

    with opened(server, settings) as reader:
        first = reader.read(4, secs=1)
        rest = reader.read(10, secs=1)

    assert len(first) == 4
    assert "7" in bodies(first)
    assert sorted(bodies(first) + bodies(rest)) == list("1234567")
    assert [text for text in bodies([*first, *rest]) if text != "7"] == list("123456")


def test_a_new_group_may_begin_with_what_comes_then(server: ValkeyServer) -> None:
    add(server, "old")

    with opened(server, bridge(start="new", group=uuid4().hex)) as reader:
        assert reader.read(10, secs=0.05) == []
        add(server, "new")
        assert bodies(reader.read(10, secs=1)) == ["new"]


def test_nothing_is_passed_over_where_a_stream_is_made_anew(server: ValkeyServer) -> None:
    settings = bridge(start="new", group=uuid4().hex)
    with opened(server, settings) as reader:
        server.client.delete("orders")
        add(server, "first of the new one")
        with pytest.raises(Failure, match=r"orders: The stream, or the group of its consumers, is gone") as raised:
            reader.read(10, secs=0.1)
    assert raised.value.part is Part.PLACE

    with opened(server, settings) as reader:
        assert bodies(reader.read(10, secs=1)) == ["first of the new one"]


def test_an_entry_that_was_deleted_since_it_was_taken_is_confirmed(server: ValkeyServer) -> None:
    _, second = add(server, "1", "2")
    with opened(server, bridge()) as reader:
        reader.read(10, secs=1)
    server.client.xdel("orders", second)

    with opened(server, bridge()) as reader:
        again = reader.read(10, secs=1)
        assert bodies(again) == ["1"]
        reader.settle(again)
        assert reader.read(10, secs=0.05) == []
        assert reader.lag().n_waiting == 0


def test_the_lag_is_what_nobody_took_and_what_nobody_confirmed(server: ValkeyServer) -> None:
    with opened(server, bridge()) as reader:
        assert reader.lag() == Lag(0, None)
        first, *_ = add(server, "1", "2", "3")
        reader.read(2, secs=1)
        lag = reader.lag()

    assert lag.n_waiting == 3
    assert lag.oldest_at is not None
    assert lag.oldest_at.timestamp() * 1000 == int(first.split("-")[0])


@pytest.mark.parametrize(
    ("to", "more", "expected"),
    [
        (To.BEGINNING, {}, ["1", "2", "3"]),
        (To.END, {}, []),
        (To.POSITION, {"position": "2000000000002-0", "place": "orders"}, ["2", "3"]),
        (To.POSITION, {"position": "2000000000002"}, ["2", "3"]),
        (To.TIME, {"at": datetime.fromtimestamp(2_000_000_000.003, UTC)}, ["3"]),
    ],
)
def test_reading_goes_on_from_elsewhere(
    server: ValkeyServer, to: To, more: dict[str, Any], expected: list[str]
) -> None:
    with opened(server, bridge()) as reader:
        for n in "123":
            server.client.xadd("orders", {"body": n}, id=f"200000000000{n}-0")
        reader.settle(reader.read(1, secs=1))
        reader.read(1, secs=1)

    assert kind.seek(connection(server), bridge(), Seek(to, **more), context()) == {}

    with opened(server, bridge()) as reader:
        assert bodies(reader.read(10, secs=0.1)) == expected


def test_a_wish_that_is_none_is_refused(server: ValkeyServer) -> None:
    for wish in (Seek(To.POSITION, position="last week"), Seek(To.POSITION, place="other", position="1-0")):
        with pytest.raises(Failure, match=r"no id of an entry|does not read the stream other"):
            kind.seek(connection(server), bridge(), wish, context())


def test_a_sample_takes_nothing(server: ValkeyServer) -> None:
    add(server, "1", "2", "3")

    assert bodies(kind.peek(connection(server), bridge(), 2)) == ["2", "3"]
    assert kind.peek(connection(server), bridge(keys=["none"]), 2) == []
    assert server.client.xinfo_groups("orders") == []


def test_places_are_streams_lists_and_channels(server: ValkeyServer) -> None:
    add(server, "1", to="b")
    add(server, "1", to="a")
    server.client.rpush("queue", "1")
    server.client.set("text", "1")

    assert kind.places(connection(server)) == ["a", "b", "queue"]


def test_a_look_says_what_is_there_and_changes_nothing(server: ValkeyServer) -> None:
    add(server, "1")
    server.client.set("text", "1")

    assert looked(server, bridge()) == [
        ("right", "well", "We may read the stream orders."),
        ("place", "well", "The stream orders is there."),
    ]
    assert looked(server, bridge(keys=["odrers"]))[-1] == (
        ("place", "doubt", "There is no stream odrers yet: the bridge makes an empty one.")
    )
    assert looked(server, bridge(keys=["text"])) == [
        ("place", "failed", "text: The key holds something of another type.")
    ]
    [(part, state, told)] = looked(server, bridge(), user="stranger", password="strange")
    assert (part, state) == ("right", "failed")
    assert "orders: 127.0.0.1 does not let this user do it: No permissions to access a key" in told
    assert server.client.xinfo_groups("orders") == []
    assert sorted(server.client.keys()) == [b"orders", b"text"]  # type: ignore[arg-type]


def test_each_fault_is_named(server: ValkeyServer, settings: Any) -> None:
    server.client.set("text", "1")

    assert fault(server, bridge(), host="nowhere.invalid").part is Part.NAME
    assert fault(server, bridge(), port=1).part is Part.NETWORK
    assert fault(server, bridge(), password="wrong").part is Part.SIGN_IN
    assert fault(server, bridge(), password="").part is Part.SIGN_IN
    assert fault(server, bridge(), user="stranger", password="strange").part is Part.RIGHT
    assert fault(server, bridge(keys=["text"])).part is Part.PLACE
    assert fault(server, bridge(), database=99).told == "orders: 127.0.0.1 has no database 99."
    assert fault(server, bridge(), security="tls").part is Part.TLS
    settings.EGRESS_ALLOWED_NETWORKS = []
    assert fault(server, bridge(), host="localhost").part is Part.NAME


def test_of_large_messages_few_are_asked_for(server: ValkeyServer) -> None:
    add(server, *["x" * 2_000_000] * 30)

    with opened(server, bridge()) as reader:
        numbers = [len(reader.read(500, secs=0.1)) for _ in range(3)]

    assert sum(numbers) == 30
    assert numbers[0] <= portion.FIRST
    assert numbers[1] <= portion.BYTES_AT_ONCE // 2_000_000


def test_more_are_asked_for_while_messages_are_small(server: ValkeyServer) -> None:
    add(server, *map(str, range(1_000)))

    with opened(server, bridge()) as reader:
        numbers = [len(reader.read(500, secs=0.1)) for _ in range(6)]

    assert numbers == [25, 50, 100, 200, 400, 225]


def test_a_replica_cannot_be_read_by_a_group(server: ValkeyServer) -> None:
    server.client.replicaof("127.0.0.1", "1")  # type: ignore[no-untyped-call]
    try:
        failure = fault(server, bridge())
    finally:
        server.client.replicaof("no", "one")  # type: ignore[no-untyped-call]

    assert failure.part is Part.RIGHT
    assert "is a replica" in failure.told


def test_a_server_that_hangs_is_left_after_the_time_out(server: ValkeyServer) -> None:
    with (
        opened(server, bridge(), time_out="3 seconds") as reader,
        server.hanging(),
        pytest.raises(Failure, match="no answer in time") as raised,
    ):
        reader.read(10, secs=0.1)
    assert raised.value.part is Part.NETWORK


def test_a_server_that_starts_anew_has_lost_nothing(server: ValkeyServer) -> None:
    add(server, "1", "2")
    with opened(server, bridge()) as reader:
        first = reader.read(1, secs=1)
        server.stop()
        with pytest.raises(Failure) as raised:
            reader.settle(first)
        server.start()
    assert raised.value.part is Part.NETWORK

    with opened(server, bridge()) as reader:
        assert bodies([*reader.read(10, secs=1), *reader.read(10, secs=1)]) == ["1", "2"]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"keys": []}, "keys"),
        ({"mode": "lists", "lists": []}, "lists"),
        ({"mode": "channels"}, "channels"),
        ({"mode": "channels", "keys": ["a"]}, "keys"),
    ],
)
def test_a_bridge_names_what_it_reads(document: dict[str, Any], path: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(RedisBridgeSettings, document)

    assert [problem.path for problem in raised.value.problems] == [path]
