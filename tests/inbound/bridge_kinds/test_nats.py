"""Bridges from NATS, with a real server."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from apps.bridges.connection_kind import Part, Report
from apps.bridges.kinds.nats import NatsSettings
from apps.core.typed_settings import SettingsError, read
from apps.inbound.bridge_kind import Context, Reader, Seek, To, kinds
from apps.inbound.bridge_kinds import nats as kind
from apps.inbound.nats import consumers, decoded
from apps.inbound.nats.settings import NatsBridgeSettings
from apps.inbound.received import Failure, Lag, Received
from tests.live import wait_for
from tests.systems.nats import NatsServer, nats_server

pytestmark = pytest.mark.xdist_group("nats")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(server: NatsServer) -> None:
    consumers._read_before.clear()
    server.make_stream()


def connection(server: NatsServer, **more: Any) -> NatsSettings:
    usual = {"servers": [f"127.0.0.1:{server.port}"], "security": "none", "time_out": "15 seconds"}
    if "sign_in" not in more:
        usual |= {"sign_in": "password", "user": "anna", "password": "sesame"}
    return read(NatsSettings, {**usual, **more})


def bridge(**more: Any) -> NatsBridgeSettings:
    return read(NatsBridgeSettings, {"stream": "orders", **more})


def context(number: int = 1) -> Context:
    return Context(UUID(int=number), "here-1", positions=dict)


CONSUMER = f"cdp-{UUID(int=1)}"


@contextmanager
def opened(server: NatsServer, settings: NatsBridgeSettings | None = None, **more: Any) -> Iterator[Reader]:
    reader = kind.open_(connection(server, **more), settings or bridge(), context())
    try:
        yield reader
    finally:
        reader.close()


def bodies(found: Sequence[Received]) -> list[str]:
    return [message.body.decode() for message in found]


def taken(reader: Reader, n: int) -> list[Received]:
    """Read until there are so many."""
    found: list[Received] = []

    def has_all() -> bool:
        found.extend(reader.read(10, secs=0.2))
        return len(found) >= n

    wait_for(has_all, f"{n} messages")
    return found


def fault(server: NatsServer, settings: NatsBridgeSettings | None = None, **more: Any) -> Failure:
    with pytest.raises(Failure) as raised, opened(server, settings, **more) as reader:
        reader.read(10, secs=0.1)
    return raised.value


def send(server: NatsServer, *said: str, subject: str = "orders.new", **headers: str) -> None:
    server.publish([text.encode() for text in said], subject=subject, **headers)


def test_a_message_has_its_stream_and_sequence_as_key(server: NatsServer) -> None:
    send(server, '{"a": 1}', trace="7", city="Zürich")
    created = server.ask("STREAM.INFO.orders")["created"]

    with opened(server) as reader:
        [message] = reader.read(10, secs=30)

    assert message.body == b'{"a": 1}'
    assert message.key == f"orders/{created}/1"
    assert message.headers == {"trace": "7", "city": "Zürich"}
    assert message.at is not None
    assert abs((message.at - datetime.now(UTC)).total_seconds()) < 60
    assert message.about == {
        "stream": "orders",
        "consumer": CONSUMER,
        "sequence": 1,
        "subject": "orders.new",
        "delivered": 1,
        "timestamp": message.at.isoformat(),
    }
    assert set(message.about) == set(kinds["nats"].known)
    assert not message.is_repeated


def test_a_stream_that_is_made_anew_has_other_keys(server: NatsServer) -> None:
    send(server, "1")
    with opened(server) as reader:
        [first] = reader.read(10, secs=30)
    server.make_stream()
    send(server, "1")

    with opened(server) as reader:
        [second] = reader.read(10, secs=30)

    assert first.about["sequence"] == second.about["sequence"]
    assert first.key != second.key


def test_many_messages_come_in_their_order_and_are_confirmed(server: NatsServer) -> None:
    sent = [str(n) for n in range(1_000)]
    send(server, *sent)
    found: list[Received] = []

    with opened(server, bridge(batch_size=300)) as reader:
        while len(found) < 1_000:
            batch = reader.read(500, secs=30)
            assert len(batch) <= 300
            reader.settle(batch)
            found += batch
        assert reader.read(500, secs=0.1) == []
        assert reader.lag() == Lag(0, None)

    assert bodies(found) == sent


def test_what_is_not_settled_is_given_back_and_comes_again_at_once(server: NatsServer) -> None:
    send(server, "1", "2", "3")
    with opened(server) as reader:
        first, *_ = taken(reader, 3)
        reader.settle([first])

    with opened(server) as reader:
        again = taken(reader, 2)

    assert bodies(again) == ["2", "3"]
    assert all(message.is_repeated for message in again)
    assert [message.about["delivered"] for message in again] == [2, 2]


def test_what_a_killed_reader_held_comes_again_after_a_while(server: NatsServer) -> None:
    send(server, "1", "2")
    settings = bridge(ack_wait="1 second")
    killed = kind.open_(connection(server), settings, context())
    held = taken(killed, 2)

    with opened(server, settings) as reader:
        found = taken(reader, 2)
        reader.settle(found)
        assert reader.lag().n_waiting == 0
    killed.close()

    assert [message.key for message in found] == [message.key for message in held]


def test_replicas_share_a_stream(server: NatsServer) -> None:
    send(server, "1", "2", "3", "4")
    with opened(server) as one, opened(server) as two:
        found = [*one.read(2, secs=30), *two.read(2, secs=30)]

    assert bodies(found) == ["1", "2", "3", "4"]


def test_what_is_held_is_said_to_be_worked_at(server: NatsServer) -> None:
    send(server, "1")
    settings = bridge(ack_wait="4 seconds")  # so long a busy machine may keep us from saying it
    with opened(server, settings) as one, opened(server, settings) as two:
        held = taken(one, 1)
        until = time.monotonic() + 4.6
        while time.monotonic() < until:
            assert one.read(0, secs=0.2) == []
            assert two.read(10, secs=0.05) == []
        one.settle(held)


def test_who_waits_has_the_next_message_at_once(server: NatsServer) -> None:
    with opened(server) as reader:
        assert reader.read(10, secs=0.05) == []
        threading.Timer(0.1, send, (server, "1")).start()
        began_at = time.monotonic()
        assert bodies(reader.read(10, secs=60)) == ["1"]
        assert time.monotonic() - began_at < 30


def test_only_messages_of_the_subject_are_read(server: NatsServer) -> None:
    send(server, "1", subject="orders.new")
    send(server, "2", subject="orders.paid")

    with opened(server, bridge(subjects=["orders.paid"])) as reader:
        assert reader.lag().n_waiting == 1
        assert bodies(reader.read(10, secs=30)) == ["2"]


def test_settings_that_change_change_the_consumer(server: NatsServer) -> None:
    send(server, "1", subject="orders.new")
    with opened(server, bridge(subjects=["orders.paid"])) as reader:
        assert reader.read(10, secs=0.05) == []

    with opened(server, bridge(ack_wait="7 seconds", max_ack_pending=8)):
        pass

    config = server.ask(f"CONSUMER.INFO.orders.{CONSUMER}")["config"]
    assert (config["ack_wait"], config["max_ack_pending"], config["max_deliver"]) == (7_000_000_000, 8, -1)
    assert "filter_subject" not in config


def test_an_old_server_does_not_read_more_than_is_wanted(server: NatsServer) -> None:
    with pytest.raises(Failure, match=r"older than 2\.10") as raised, opened(server, bridge(subjects=["a", "b"])):
        pass
    assert raised.value.part is Part.PLACE


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ({"start": "beginning"}, ["1", "2", "3"]),
        ({"start": "new"}, []),
        ({"start": "last"}, ["3"]),
        ({"start": "sequence", "start_sequence": 2}, ["2", "3"]),
        ({"start": "time", "start_at": "2026-01-31T08:00:00Z"}, ["1", "2", "3"]),
        ({"start": "time", "start_at": "2100-01-31T09:00:00+01:00"}, []),
    ],
)
def test_a_new_consumer_begins_where_it_shall(server: NatsServer, start: dict[str, Any], expected: list[str]) -> None:
    send(server, "1", "2", "3")

    with opened(server, bridge(**start)) as reader:
        assert bodies(taken(reader, len(expected))) == expected
        assert reader.read(10, secs=0.05) == []


def test_nothing_is_passed_over_where_a_stream_is_made_anew(server: NatsServer) -> None:
    settings = bridge(start="new")
    with opened(server, settings) as reader:
        server.make_stream()
        send(server, "first of the new one")
        with pytest.raises(Failure, match="gone") as raised:
            reader.read(10, secs=0.1)
    assert raised.value.part is Part.PLACE

    with opened(server, settings) as reader:
        assert bodies(reader.read(10, secs=30)) == ["first of the new one"]


def test_a_consumer_that_is_there_is_bound_to(server: NatsServer) -> None:
    send(server, "1")
    settings = bridge(create=False, durable="theirs")
    assert fault(server, settings).told == "There is no consumer theirs of the stream orders."
    for name, config in (
        ("theirs", {"ack_policy": "explicit", "max_deliver": 3}),
        ("pushes", {"ack_policy": "explicit", "deliver_subject": "x"}),
        ("hasty", {"ack_policy": "none"}),
    ):
        made = server.ask(
            f"CONSUMER.DURABLE.CREATE.orders.{name}",
            {"stream_name": "orders", "config": {"durable_name": name, "deliver_policy": "all", **config}},
        )
        assert "error" not in made, made

    with opened(server, settings) as reader:
        assert bodies(reader.read(10, secs=30)) == ["1"]
    assert "is pulled from" in fault(server, bridge(create=False, durable="pushes")).told
    assert "does not wait" in fault(server, bridge(create=False, durable="hasty")).told
    assert looked(server, settings)[-1] == (
        "place",
        "doubt",
        "The consumer theirs gives a message up after 3 deliveries, stored or not.",
    )
    with pytest.raises(Failure, match="made by somebody else"):
        kind.seek(connection(server), settings, Seek(To.BEGINNING), context())


@pytest.mark.parametrize(
    ("to", "more", "expected"),
    [
        (To.BEGINNING, {}, ["1", "2", "3"]),
        (To.END, {}, []),
        (To.POSITION, {"position": "2", "place": "orders"}, ["2", "3"]),
        (To.TIME, {"at": datetime.now(UTC) - timedelta(hours=1)}, ["1", "2", "3"]),
        (To.TIME, {"at": datetime.now(UTC) + timedelta(hours=1)}, []),
    ],
)
def test_reading_goes_on_from_elsewhere(server: NatsServer, to: To, more: dict[str, Any], expected: list[str]) -> None:
    send(server, "1", "2", "3")
    with opened(server) as reader:
        reader.settle(reader.read(2, secs=30))

    assert kind.seek(connection(server), bridge(), Seek(to, **more), context()) == {}

    with opened(server) as reader:
        assert bodies(taken(reader, len(expected))) == expected
        assert reader.read(10, secs=0.1) == []


def test_a_wish_that_is_none_is_refused(server: NatsServer) -> None:
    with pytest.raises(Failure, match="last week is no sequence number"):
        kind.seek(connection(server), bridge(), Seek(To.POSITION, position="last week"), context())


def test_the_lag_is_what_nobody_pulled_and_what_nobody_confirmed(server: NatsServer) -> None:
    with opened(server) as reader:
        assert reader.lag() == Lag(0, None)
        send(server, "1", "2", "3")
        first, *_ = reader.read(2, secs=30)
        assert reader.lag() == Lag(3, first.at)


def test_a_sample_consumes_nothing(server: NatsServer) -> None:
    send(server, "1", "2", trace="7")
    send(server, "3", subject="orders.paid")

    sample = kind.peek(connection(server), bridge(), 2)

    assert bodies(sample) == ["2", "3"]
    assert [message.headers for message in sample] == [{"trace": "7"}, {}]
    assert set(sample[0].about) == set(kinds["nats"].known)
    assert bodies(kind.peek(connection(server), bridge(subjects=["orders.new"]), 1)) == ["2"]
    assert server.ask("CONSUMER.NAMES.orders")["total"] == 0


def test_a_sample_finds_what_is_rare(server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "MAX_LOOKED_UP", 1)
    send(server, "1", subject="orders.rare")
    send(server, "2", "3")

    assert bodies(kind.peek(connection(server), bridge(subjects=["orders.rare"]), 5)) == ["1"]


def test_subjects_are_matched_as_the_server_does() -> None:
    assert decoded.matches("a.b.c", "a.>")
    assert decoded.matches("a.b.c", "a.*.c")
    assert decoded.matches("a", "a")
    assert not decoded.matches("a", "a.>")
    assert not decoded.matches("a.b", "a")
    assert not decoded.matches("a.b", "a.b.c")
    assert not decoded.matches("a.b.c", "a.*")


def test_places_are_streams(server: NatsServer) -> None:
    server.make_stream("payments")

    assert kind.places(connection(server)) == ["orders", "payments"]


def looked(server: NatsServer, settings: NatsBridgeSettings, **more: Any) -> list[tuple[str, str, str]]:
    report = Report()
    try:
        kind.look(connection(server, **more), settings, report)
    except Failure as failure:
        report.failed(failure.part, failure.told)
    return [(finding.part.value, finding.state.value, finding.told) for finding in report.findings]


def test_a_look_says_what_is_there_and_changes_nothing(server: NatsServer) -> None:
    send(server, "1")
    with opened(server, bridge(durable="mine")):
        pass

    assert [each[:2] for each in looked(server, bridge(durable="mine"))] == [("right", "well"), ("place", "well")]
    assert [each[:2] for each in looked(server, bridge())] == [("right", "well"), ("place", "well")]
    assert looked(server, bridge(stream="odrers")) == [("place", "failed", "There is no stream odrers.")]
    told = looked(server, bridge(), user="stranger", password="strange")
    assert [each[:2] for each in told] == [("right", "failed")]
    assert "127.0.0.1 does not let us: permissions violation for publish" in told[0][2].lower()
    told = looked(server, bridge(), user="half", password="strange")
    assert [each[:2] for each in told] == [("right", "well"), ("place", "well"), ("right", "failed")]

    assert server.ask("CONSUMER.NAMES.orders")["consumers"] == ["mine"]
    with opened(server, bridge(durable="mine")) as reader:
        assert bodies(reader.read(10, secs=30)) == ["1"]


def test_each_fault_is_named(server: NatsServer, settings: Any) -> None:
    assert fault(server, servers=["nowhere.invalid"]).part is Part.NAME
    assert fault(server, servers=["127.0.0.1:1"]).part is Part.NETWORK
    assert fault(server, password="wrong").part is Part.SIGN_IN
    assert fault(server, sign_in="none").part is Part.SIGN_IN
    assert fault(server, user="stranger", password="strange").part is Part.RIGHT
    assert fault(server, bridge(stream="odrers")).part is Part.PLACE
    assert fault(server, security="tls").part is Part.TLS
    settings.EGRESS_ALLOWED_NETWORKS = []
    assert fault(server, servers=[f"localhost:{server.port}"]).part is Part.NAME


def test_who_leaves_leaves_no_connection_and_no_task(server: NatsServer) -> None:
    before = open_here()

    with opened(server) as reader:
        reader.read(10, secs=0.01)
    kind.places(connection(server))
    with pytest.raises(Failure):
        kind.places(connection(server, password="wrong"))

    wait_for(lambda: open_here() <= before, "all to be closed", timeout_secs=5)


def open_here() -> set[Any]:
    """List threads and connections of this process; those of other tests may end meanwhile."""
    found: set[Any] = set(threading.enumerate())
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(each.readlink())
    return {each for each in found if not str(each).startswith("/proc/")}


def test_a_server_that_hangs_is_left_after_the_time_out(server: NatsServer) -> None:
    with (
        opened(server, time_out="3 seconds") as reader,
        server.hanging(),
        pytest.raises(Failure, match="no answer in time") as raised,
    ):
        reader.read(10, secs=0.1)
    assert raised.value.part is Part.NETWORK


def test_a_server_that_starts_anew_has_lost_nothing(server: NatsServer) -> None:
    send(server, "1", "2")
    with opened(server) as reader:
        reader.read(1, secs=30)
        server.restart()
        with pytest.raises(Failure) as raised:
            reader.read(10, secs=0.1)
    assert raised.value.part is Part.NETWORK

    with opened(server, bridge(ack_wait="1 second")) as reader:
        assert sorted(bodies(taken(reader, 2))) == ["1", "2"]


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"stream": "a.b"}, "stream", "a.b is no name"),
        ({"durable": "a b"}, "durable", "a b is no name"),
        ({"create": False}, "durable", "Name the consumer"),
        ({"subjects": ["a..b"]}, "subjects", "a..b is no subject"),
        ({"start": "time", "start_at": "2026-01-31"}, "start_at", "has a zone"),
        ({"start": "time", "start_at": "soon"}, "start_at", "no time"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        bridge(**document)

    [problem] = raised.value.problems
    assert problem.path == path
    assert message in problem.message


def test_a_body_may_be_anything(server: NatsServer) -> None:
    sent = [b"\xff\x00", b"", json.dumps("ü").encode()]
    server.publish(sent)

    with opened(server) as reader:
        assert [message.body for message in taken(reader, 3)] == sent
