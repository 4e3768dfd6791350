"""Bridges from MQTT, by a real broker, in both versions: what they read, what comes again, and what fails."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from apps.bridges.connection_kind import Part, Report, State
from apps.bridges.kinds import mqtt as connection_kind
from apps.bridges.kinds.mqtt import MqttSettings
from apps.core.typed_settings import SettingsError, read
from apps.inbound.bridge_kind import Context
from apps.inbound.bridge_kinds import mqtt
from apps.inbound.bridge_kinds.mqtt import TopicReader, TopicSettings
from apps.inbound.mqtt_topics import segments, topic_of
from apps.inbound.received import Failure, Received
from tests.inbound.bridge_kinds.conftest import HOST
from tests.inbound.promises import all_arrive, bridged
from tests.live import wait_for
from tests.systems.mosquitto import PASSWORD, Mosquitto, mosquitto_server

pytestmark = pytest.mark.xdist_group("mqtt")
VERSIONS = ("5", "3.1.1")


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto_server() as running:
        yield running


@pytest.fixture
def topic() -> str:
    """A level that no other test uses."""
    return f"t{uuid4().hex[:8]}"


@pytest.fixture
def context() -> Context:
    return Context(uuid4(), "here-1", dict)


def connection_of(broker: Mosquitto, **document: Any) -> MqttSettings:
    usual = {"host": HOST, "port": broker.port, "security": "none", "time_out": "15 seconds"}
    if document.get("sign_in") != "none":
        usual |= {"user": "anna", "password": PASSWORD}
    return read(MqttSettings, {**usual, **document})


def by_tls(broker: Mosquitto, **document: Any) -> MqttSettings:
    usual = {"security": "tls", "port": broker.tls_port, "ca": broker.authority.certificate}
    return connection_of(broker, **{**usual, **document})


def topics_of(*topics: str, **document: Any) -> TopicSettings:
    return read(TopicSettings, {"topics": list(topics), **document})


@contextmanager
def reading(
    broker: Mosquitto, context: Context, *topics: str, version: str = "5", **document: Any
) -> Iterator[TopicReader]:
    connection = connection_of(broker, version=version)
    reader = mqtt.open_topics(connection, topics_of(*topics, **document), context)
    try:
        yield reader
    finally:
        reader.close()


def taken(reader: TopicReader, n: int) -> list[Received]:
    """Read until there are so many."""
    found: list[Received] = []

    def is_enough() -> bool:
        found.extend(reader.read(n - len(found), secs=0.2))
        return len(found) >= n

    wait_for(is_enough, f"{n} messages")
    return found


def bodies(messages: list[Received]) -> list[bytes]:
    return [message.body for message in messages]


def numbers(n: int) -> list[bytes]:
    return [b"%d" % number for number in range(n)]


def last_of(settings: MqttSettings) -> tuple[Part, State, str]:
    finding = connection_kind.test(settings).findings[-1]
    return finding.part, finding.state, finding.told


def test_a_message_comes_with_all_that_is_known_of_it(broker: Mosquitto, context: Context, topic: str) -> None:
    with reading(broker, context, f"{topic}/{{device}}/+/#", qos="2") as reader:
        broker.publish(
            f"{topic}/lamp-7/state/a/b",
            [b'{"is_on": true}'],
            qos=1,
            ContentType="application/json",
            ResponseTopic="answers",
            UserProperty=[("tenant", "åre"), ("trace", "1")],
        )
        [message] = taken(reader, 1)

    assert message.body == b'{"is_on": true}'
    assert message.about == {
        "topic": f"{topic}/lamp-7/state/a/b",
        "segments": {"device": "lamp-7"},
        "qos": 1,
        "retained": False,
        "duplicate": False,
        "content_type": "application/json",
        "response_topic": "answers",
    }
    assert set(message.about) == set(mqtt.KNOWN)
    assert message.headers == {"tenant": "åre", "trace": "1"}
    assert (message.key, message.place, message.is_repeated) == ("", f"{topic}/lamp-7/state/a/b", False)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("qos", ["1", "2"])
def test_what_is_settled_is_forgotten_and_what_is_not_comes_again(
    qos: str, version: str, broker: Mosquitto, context: Context, topic: str
) -> None:
    with reading(broker, context, topic, version=version, qos=qos) as reader:
        broker.publish(topic, numbers(5), qos=2)
        messages = taken(reader, 5)
        reader.settle(messages[:2])
    broker.publish(topic, [b"meanwhile"], qos=2)
    with reading(broker, context, topic, version=version, qos=qos) as reader:
        again = taken(reader, 4)
        reader.settle(again)
    with reading(broker, context, topic, version=version, qos=qos) as reader:
        assert reader.read(5, secs=0.1) == []

    assert bodies(messages) == numbers(5)
    assert [(message.body, message.is_repeated) for message in again] == [
        (b"2", True),
        (b"3", True),
        (b"4", True),
        (b"meanwhile", False),
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("qos", ["1", "2"])
def test_a_broker_that_is_restarted_knows_what_was_not_settled(
    qos: str, version: str, broker: Mosquitto, context: Context, topic: str
) -> None:
    with reading(broker, context, topic, version=version, qos=qos) as reader:
        broker.publish(topic, numbers(3), qos=2)
        reader.settle(taken(reader, 3)[:1])
        broker.restart()
        with pytest.raises(Failure, match="broke off") as caught:
            reader.read(1, secs=30)

    assert caught.value.part is Part.NETWORK
    with reading(broker, context, topic, version=version, qos=qos) as reader:
        assert [(message.body, message.is_repeated) for message in taken(reader, 2)] == [(b"1", True), (b"2", True)]


def test_of_qos_0_nothing_comes_again(broker: Mosquitto, context: Context, topic: str) -> None:
    with reading(broker, context, topic, qos="0") as reader:
        broker.publish(topic, numbers(2))
        messages = taken(reader, 2)
        reader.settle(messages[:1])
    with reading(broker, context, topic, qos="0") as reader:
        assert reader.read(5, secs=0.1) == []


def test_no_more_is_in_hand_than_was_asked_for(broker: Mosquitto, context: Context, topic: str) -> None:
    with reading(broker, context, topic, receive_maximum=3) as reader:
        broker.publish(topic, numbers(7))
        first = taken(reader, 3)
        assert reader.read(10, secs=0.1) == []
        reader.settle(first)
        second = taken(reader, 3)
        assert bodies(second) == numbers(6)[3:]


@pytest.mark.parametrize(("bound", "most"), [("MOST_IN_HAND", 3), ("MOST_BYTES_IN_HAND", sum(map(len, numbers(3))))])
def test_messages_of_qos_0_are_dropped_when_too_many_wait(
    bound: str, most: int, broker: Mosquitto, context: Context, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, bound, most)
    come: list[Any] = []
    really = TopicReader._take
    monkeypatch.setattr(TopicReader, "_take", lambda self, message: come.append(message) or really(self, message))
    with reading(broker, context, topic, qos="0") as reader:
        broker.publish(topic, numbers(10))
        wait_for(lambda: reader.read(0, secs=0.1) == [] and len(come) == 10, "all to come")
        assert bodies(list(reader.read(10, secs=1))) == numbers(3)


@pytest.mark.parametrize("version", VERSIONS)
def test_retained_messages_are_passed_over_or_taken_under_one_key(
    version: str, broker: Mosquitto, context: Context, topic: str
) -> None:
    broker.publish(topic, [b"kept"], retain=True)
    with reading(broker, context, topic, version=version) as reader:
        broker.publish(topic, [b"new"])
        [message] = taken(reader, 1)
    assert (message.body, message.key) == (b"new", "")

    keys = set()
    for _ in range(2):
        other = Context(uuid4(), "here-1", dict)
        with reading(broker, other, topic, version=version, retained="take") as reader:
            [message] = taken(reader, 1)
            reader.settle([message])
        keys.add(message.key)
        assert message.about["retained"]
    assert keys == {hashlib.sha256(topic.encode() + b"\0kept").hexdigest()}


def test_what_comes_by_a_filter_of_earlier_settings_is_dropped(broker: Mosquitto, context: Context, topic: str) -> None:
    with reading(broker, context, f"{topic}/a", f"{topic}/b"):
        pass
    with reading(broker, context, f"{topic}/b") as reader:
        broker.publish(f"{topic}/a", [b"1"])
        broker.publish(f"{topic}/b", [b"2"])
        [message] = taken(reader, 1)
        assert message.body == b"2"
        reader.settle([message])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_group_shares_topics(version: str, broker: Mosquitto, context: Context, topic: str) -> None:
    other = Context(context.bridge_id, "here-2", dict)
    with (
        reading(broker, context, topic, version=version, group="shop") as one,
        reading(broker, other, topic, version=version, group="shop") as two,
    ):
        broker.publish(topic, numbers(10))
        found = [*taken(one, 5), *taken(two, 5)]

    assert sorted(bodies(found)) == numbers(10)


def test_who_comes_with_the_same_session_takes_it_over(broker: Mosquitto, context: Context, topic: str) -> None:
    with (
        reading(broker, context, topic) as reader,
        reading(broker, context, topic),
        pytest.raises(Failure, match="broke off") as caught,
    ):
        reader.read(1, secs=30)
    assert caught.value.part is Part.NETWORK


def test_a_peek_listens_beside_others_and_leaves_nothing(broker: Mosquitto, context: Context, topic: str) -> None:
    broker.publish(f"{topic}/a", [b"kept"], retain=True)
    with reading(broker, context, f"{topic}/+") as reader:
        found = mqtt.peek(connection_of(broker), topics_of(f"{topic}/{{name}}"), 1)
        broker.publish(f"{topic}/b", [b"1"])
        assert bodies(taken(reader, 1)) == [b"1"]

    assert [(message.body, message.about["segments"]) for message in found] == [(b"kept", {"name": "a"})]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_look_says_whether_we_may_subscribe(version: str, broker: Mosquitto, context: Context, topic: str) -> None:
    report = Report()
    mqtt.look(connection_of(broker, version=version), topics_of(topic), report)
    assert [(finding.part, finding.state) for finding in report.findings] == [(Part.RIGHT, State.WELL)]

    nosy = connection_of(broker, version=version, user="nosy")
    with pytest.raises(Failure, match=f"does not let us subscribe to {topic}") as caught:
        mqtt.look(nosy, topics_of(topic), Report())
    assert caught.value.part is Part.RIGHT
    with pytest.raises(Failure) as caught:
        mqtt.open_topics(nosy, topics_of(topic), context)
    assert caught.value.part is Part.RIGHT


@pytest.mark.parametrize("version", VERSIONS)
def test_a_connection_says_where_it_ends(version: str, broker: Mosquitto) -> None:
    said = {
        "well": last_of(connection_of(broker, version=version)),
        "password": last_of(connection_of(broker, version=version, password="wrong")),
        "nobody": last_of(connection_of(broker, version=version, sign_in="none")),
        "closed": last_of(connection_of(broker, version=version, port=1)),
        "unknown": last_of(connection_of(broker, version=version, host="nobody.example", security="tls")),
        "in clear": last_of(connection_of(broker, version=version, port=broker.tls_port)),
        "tls": last_of(by_tls(broker, version=version)),
        "no authority": last_of(by_tls(broker, version=version, ca="")),
        "other name": last_of(by_tls(broker, version=version, host="127.0.0.1")),
        "no tls": last_of(by_tls(broker, version=version, port=broker.port)),
    }

    assert {name: (part, state) for name, (part, state, _) in said.items()} == {
        "well": (Part.SIGN_IN, State.WELL),
        "password": (Part.SIGN_IN, State.FAILED),
        "nobody": (Part.SIGN_IN, State.FAILED),
        "closed": (Part.NETWORK, State.FAILED),
        "unknown": (Part.NAME, State.FAILED),
        "in clear": (Part.NETWORK, State.FAILED),
        "tls": (Part.SIGN_IN, State.WELL),
        "no authority": (Part.TLS, State.FAILED),
        "other name": (Part.TLS, State.FAILED),
        "no tls": (Part.TLS, State.FAILED),
    }
    assert said["closed"][2] == f"No connection to {HOST}, port 1: connection refused."
    assert "is not to be trusted" in said["no authority"][2]


def test_a_certificate_lets_us_in(broker: Mosquitto) -> None:
    ours, ended = broker.client, broker.authority.sign("ended", days=-1)
    strict = {"port": broker.strict_port, "sign_in": "none"}

    let_in = last_of(by_tls(broker, certificate=ours.certificate, certificate_key=ours.key, **strict))
    none = last_of(by_tls(broker, **strict))
    too_old = last_of(by_tls(broker, certificate=ended.certificate, certificate_key=ended.key, **strict))

    assert let_in[:2] == (Part.SIGN_IN, State.WELL)
    for told in (none, too_old):
        assert told[:2] == (Part.TLS, State.FAILED)
        assert "certificate" in told[2]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_broker_that_hangs_is_waited_for_until_the_time_out(
    version: str, broker: Mosquitto, context: Context, topic: str
) -> None:
    with reading(broker, context, topic, version=version) as reader:
        broker.publish(topic, [b"1"])
        messages = taken(reader, 1)
        reader._session._secs = 1.0
        with broker.hanging():
            assert reader.read(1, secs=0.1) == []
            with pytest.raises(Failure, match="gives no answer within 1 s") as caught:
                reader.settle(messages)
            told = last_of(connection_of(broker, version=version, time_out="1 second"))
    assert caught.value.part is Part.NETWORK
    assert told[:2] == (Part.NETWORK, State.FAILED)
    assert "says nothing within 1 s" in told[2]


@pytest.mark.parametrize(
    ("written", "topic", "found"),
    [
        ("devices/{device}/status", "devices/7/status", {"device": "7"}),
        ("devices/{device}/status", "devices/7", None),
        ("devices/{device}/status", "devices/7/status/x", None),
        ("{site}/{device}/#", "a/b", {"site": "a", "device": "b"}),
        ("{site}/{device}/#", "a/b/c/d", {"site": "a", "device": "b"}),
        ("#", "a/b", {}),
        ("#", "$SYS/uptime", None),
        ("+/uptime", "$SYS/uptime", None),
        ("$SYS/+", "$SYS/uptime", {}),
        ("a//{x}", "a//", {"x": ""}),
    ],
)
def test_levels_of_a_topic_have_names(written: str, topic: str, found: dict[str, str] | None) -> None:
    assert segments([topic_of(written)], topic) == found


@pytest.mark.parametrize(
    ("document", "path", "told"),
    [
        ({"topics": []}, "topics", "Name a topic"),
        ({"topics": ["a", "a/#/b"]}, "topics.1", "only the last level"),
        ({"topics": ["a+/b"]}, "topics.0", "stand for a whole level"),
        ({"topics": ["{a}/{a}"]}, "topics.0", "the same name"),
        ({"topics": ["$share/g/a"]}, "topics.0", "naming the group"),
        ({"topics": ["a"], "group": "a/b"}, "group", "no /"),
    ],
)
def test_what_is_no_topic_is_refused(document: dict[str, Any], path: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(TopicSettings, document)

    assert [(problem.path, told in problem.message) for problem in caught.value.problems] == [(path, True)]


def test_every_message_arrives_once_though_readers_are_killed_and_the_broker_is_restarted(broker: Mosquitto) -> None:
    connection = {"host": "127.0.0.1", "port": broker.port, "user": "anna", "password": PASSWORD, "security": "none"}

    with bridged("mqtt", connection=connection, settings={"topics": ["many/{name}"]}) as platform:
        all_arrive(platform, lambda messages: broker.publish("many/one", messages), disturb=broker.restart)
