"""Bridges from lists and channels of Redis, with a real Valkey."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.bridges.connection_kind import Part
from apps.inbound.bridge_kind import Seek, To
from apps.inbound.bridge_kinds import redis as kind
from apps.inbound.received import Failure, Lag, Received
from apps.inbound.redis import pubsub
from tests.inbound.redis_bridge import bodies, bridge, connection, context, looked, opened
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


def take(server: ValkeyServer, limit: int = 10, **more: Any) -> list[Received]:
    """Take of the list `queue`, and settle nothing."""
    with opened(server, bridge(mode="lists", lists=["queue"], **more)) as reader:
        return list(reader.read(limit, secs=0.1))


def test_a_list_is_taken_in_its_order_and_what_is_not_settled_comes_again(server: ValkeyServer) -> None:
    server.client.rpush("queue", *"1234")
    with opened(server, bridge(mode="lists", lists=["queue"])) as reader:
        first = reader.read(2, secs=1)
        reader.settle(first[:1])
        second = reader.read(1, secs=1)
        assert reader.lag() == Lag(3, None)

    with opened(server, bridge(mode="lists", lists=["queue"])) as reader:
        again, rest = reader.read(10, secs=1), reader.read(10, secs=1)
        assert reader.read(0, secs=0.01) == []
        reader.settle([*again, *rest])
        assert reader.lag() == Lag(0, None)

    assert [bodies(first), bodies(second), bodies(again), bodies(rest)] == [["1", "2"], ["3"], ["2", "3"], ["4"]]
    assert [message.key for message in again] == [first[1].key, second[0].key]
    assert [message.is_repeated for message in (*again, *rest)] == [True, True, False]
    assert server.client.keys() == []


def test_what_a_list_has_twice_is_two_messages(server: ValkeyServer) -> None:
    server.client.rpush("queue", "same", "same")

    assert len({message.key for message in take(server)}) == 2


def test_a_list_may_be_taken_from_its_right(server: ValkeyServer) -> None:
    server.client.lpush("queue", *"123")

    sample = kind.peek(connection(server), bridge(mode="lists", lists=["queue"], take_from="right"), 2)

    assert bodies(sample) == ["1", "2"]
    assert bodies(take(server, take_from="right")) == ["1", "2", "3"]


def test_many_lists_are_read_in_turn_and_waited_for(server: ValkeyServer) -> None:
    server.client.rpush("a", *"12")
    server.client.rpush("b", "3")
    with opened(server, bridge(mode="lists", lists=["a", "b"])) as reader:
        found = [*reader.read(2, secs=1), *reader.read(2, secs=1)]
        later = threading.Timer(0.05, server.client.rpush, ("b", "4"))
        later.start()
        found += reader.read(2, secs=30)
        later.join()

    assert sorted(bodies(found)) == list("1234")


def test_a_look_at_a_list_takes_nothing(server: ValkeyServer) -> None:
    server.client.rpush("queue", "1")
    server.client.set("text", "1")

    assert looked(server, bridge(mode="lists", lists=["queue"])) == [
        ("right", "well", "We may take from the list queue."),
        ("place", "well", "The list queue is there."),
    ]
    assert looked(server, bridge(mode="lists", lists=["qeueu"]))[-1][:2] == ("place", "doubt")
    assert looked(server, bridge(mode="lists", lists=["text"]))[0][:2] == ("place", "failed")
    for user in ("stranger", "half"):
        [(part, state, _)] = looked(server, bridge(mode="lists", lists=["queue"]), user=user, password="strange")
        assert (part, state) == ("right", "failed")
    assert sorted(server.client.keys()) == [b"queue", b"text"]  # type: ignore[arg-type]
    assert server.client.llen("queue") == 1


def test_channels_are_listened_to(server: ValkeyServer) -> None:
    with opened(server, bridge(mode="channels", channels=["a"], patterns=["b.*"])) as reader:
        for channel in ("a", "b.1", "c"):
            server.client.publish(channel, f"to {channel}")
        found: list[Received] = []

        def has_both() -> bool:
            found.extend(reader.read(10, secs=0.1))
            return len(found) == 2

        wait_for(has_both, "both messages")
        reader.settle(found)
        assert reader.read(10, secs=0.01) == []
        assert reader.lag() == Lag(None, None)

    assert [(message.body, message.about, message.key) for message in found] == [
        (b"to a", {"channel": "a"}, ""),
        (b"to b.1", {"channel": "b.1", "pattern": "b.*"}, ""),
    ]


def test_a_server_is_missed_that_says_nothing_any_more(server: ValkeyServer) -> None:
    with opened(server, bridge(mode="channels", channels=["a"]), time_out="2 seconds") as reader:
        time.sleep(2.1)
        assert reader.read(10, secs=0.5) == []  # it was asked, and is there
        with server.hanging(), pytest.raises(Failure, match="says nothing any more") as raised:
            reader.read(10, secs=30)
    assert raised.value.part is Part.NETWORK


def test_a_server_that_goes_is_missed_by_who_listens(server: ValkeyServer) -> None:
    with opened(server, bridge(mode="channels", channels=["a"])) as reader:
        server.restart()
        with pytest.raises(Failure) as raised:
            reader.read(10, secs=1)
    assert raised.value.part is Part.NETWORK


def test_a_sample_of_channels_is_what_is_said_meanwhile(server: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubsub, "LISTEN_SECS", 30.0)

    def said() -> bool:
        return bool(server.client.publish("a", "now"))

    publisher = threading.Thread(target=wait_for, args=(said, "a listener"))
    publisher.start()
    [message] = kind.peek(connection(server), bridge(mode="channels", channels=["a"]), 1)
    publisher.join()

    assert message.body == b"now"
    assert looked(server, bridge(mode="channels", channels=["a"]))[0][:2] == ("right", "well")
    assert looked(server, bridge(mode="channels", channels=["a"]), user="stranger", password="strange")[0][:2] == (
        "right",
        "failed",
    )


@pytest.mark.parametrize("read", [{}, {"mode": "lists", "lists": ["a"]}, {"mode": "channels", "channels": ["a"]}])
def test_who_leaves_leaves_no_connection(server: ValkeyServer, read: dict[str, Any]) -> None:
    ours = server.client.client_id()

    with opened(server, bridge(**read)) as reader:
        reader.read(10, secs=0.01)
    kind.places(connection(server))

    wait_for(lambda: [int(each["id"]) for each in server.client.client_list()] == [ours], "connections to end")


@pytest.mark.parametrize("mode", [{"mode": "lists", "lists": ["a"]}, {"mode": "channels", "channels": ["a"]}])
def test_only_streams_can_be_read_once_more(server: ValkeyServer, mode: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="nothing is kept"):
        kind.seek(connection(server), bridge(**mode), Seek(To.BEGINNING), context())
