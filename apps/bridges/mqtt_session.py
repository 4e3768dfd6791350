"""A session with a broker of MQTT: at an address that was checked, under the name of its host.

There is no thread: packets are read only while somebody waits here, so what is not read stays in the socket.
"""

import select
import ssl
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.bridges.tls import IsAnswering, context_of
from apps.core import egress
from apps.core.egress import EgressError

TURN_SECS: Final = 1.0  # after which keep-alives are looked after
CLIENT_ID_REFUSED: Final = 133
UNSUPPORTED_VERSION: Final = 132
# Codes of MQTT 5, into which the library puts those of 3.1.1, too.
NOT_LET_IN: Final = {
    134: "does not take this user and password",
    135: "does not let us in: user or password are wrong, or may not connect",
    138: "has shut us out",
    140: "lets nobody in this way",
}
# Of subscriptions: a filter that it does not take, shared ones, identifiers, wildcards that it does not know.
NO_SUCH_FILTER: Final = {143, 158, 161, 162}


class Broker(IsAnswering, Protocol):
    """What has to be known of a broker."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def at_port(self) -> int:
        """Where it listens."""

    @property
    def version(self) -> str:
        """Which MQTT is spoken: 5 or 3.1.1."""

    @property
    def user(self) -> str:
        """Who signs in; empty: nobody does."""

    @property
    def password(self) -> str:
        """The user's."""

    @property
    def keep_alive_secs(self) -> int:
        """After so long each side lets the other one hear of it."""


class Stay(NamedTuple):
    """What the broker keeps of a session, and how much of it is sent at once."""

    client_id: str
    is_clean: bool = True  # it begins with nothing, and nothing is kept of it
    expires_secs: int = 0  # for so long it is kept while nobody is there; of MQTT 5
    receive_max: int = 65_535  # messages that wait for an acknowledgement; of MQTT 5


class Session:
    """A connection that is open. Not for several threads. Whatever breaks it is raised as Failure."""

    def __init__(
        self, broker: Broker, stay: Stay, *, secs: float, on_message: Callable[[paho.MQTTMessage], None]
    ) -> None:
        """Connect and sign in; each may take so many seconds."""
        self._broker, self._secs = broker, secs
        self._welcome: ReasonCode | None = None
        self._end: ReasonCode | None = None
        self._granted: dict[int, Sequence[ReasonCode]] = {}
        self._client = _Client(broker, stay, secs=secs)
        self._client.on_connect = self._greeted
        self._client.on_disconnect = self._ended
        self._client.on_subscribe = self._subscribed
        self._client.on_message = lambda _client, _data, message: on_message(message)
        try:
            self._client.begin()
            if not self.wait(lambda: self._welcome, secs):
                raise _unanswered(broker, secs)
            self._check_welcome()
        except BaseException as error:
            self.close()
            if isinstance(error, EgressError):
                raise failure_of(error) from None
            raise

    def subscribe(self, filters: Sequence[str], *, qos: int, wants_retained: bool) -> None:
        """Ask for what is sent to topics. Raises Failure where that is refused."""
        handling = SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if wants_retained else SubscribeOptions.RETAIN_DO_NOT_SEND
        asked: list[Any] = [(each, qos) for each in filters]
        if self._client.is_5:
            asked = [(each, SubscribeOptions(qos, retainHandling=handling)) for each in filters]
        _, number = self._client.subscribe(asked)
        if number is None or not self.wait(lambda: number in self._granted, self._secs):
            raise _late(self._broker, self._secs)
        for each, code in zip(filters, self._granted.pop(number), strict=True):
            if code.is_failure:
                raise _unsubscribed(each, code, self._broker)

    def wait(self, is_done: Callable[[], Any], secs: float) -> bool:
        """Read what comes until it is done, or so many seconds are over; return whether it is done."""
        ends_at = time.monotonic() + secs
        while not is_done():
            self._turn(max(ends_at - time.monotonic(), 0))
            if time.monotonic() >= ends_at:
                return bool(is_done())
        return True

    def acknowledge(self, messages: Sequence[tuple[int, int]]) -> None:
        """Let the broker forget these, by number and QoS, and return once it has understood."""
        for number, qos in messages:
            self._client.ack(number, qos)
        n_asked = self._client.ping()
        if not self.wait(lambda: self._client.n_pongs >= n_asked, self._secs):
            raise _late(self._broker, self._secs)

    def close(self) -> None:
        """Leave; what is not sent at once is not sent."""
        sock = self._client.socket()
        with suppress(OSError, ValueError):
            self._client.disconnect()
        if sock:
            sock.close()

    def _check_welcome(self) -> None:
        if self._welcome is not None and self._welcome.is_failure:
            raise _unwelcome(self._welcome, self._broker)

    def _turn(self, secs: float) -> None:
        sock = self._client.socket()
        if sock is None:
            raise self._broken()
        pending = getattr(sock, "pending", None)  # TLS has read more than it has given out
        if (pending and pending()) or _is_readable(sock, min(secs, TURN_SECS)):
            self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _broken(self) -> Failure:
        host = self._broker.host
        if isinstance(self._client.lost_by, ssl.SSLError):
            return failure_of(egress.no_tls(host, self._client.lost_by))
        if self._end is not None:
            return Failure(Part.NETWORK, f"{host} ended the connection: {str(self._end).lower()}.")
        version = self._broker.version
        if self._welcome is None and self._broker.is_encrypted:
            told = f"{host} broke off: it wants another certificate of ours, or does not speak MQTT {version}."
            return Failure(Part.TLS, told)
        if self._welcome is None:
            return Failure(Part.NETWORK, f"{host} broke off, or does not speak MQTT {version} at this port.")
        return Failure(Part.NETWORK, f"{host} broke off.")

    def _greeted(self, _client: Any, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        self._welcome = code

    def _ended(self, _client: Any, _data: Any, flags: Any, code: ReasonCode, _properties: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._end = code

    def _subscribed(self, _client: Any, _data: Any, number: int, codes: Sequence[ReasonCode], _more: Any) -> None:
        self._granted[number] = codes


class _Client(paho.Client):
    """The library's client, which connects where it may, and tells the broker of no message before it is stored.

    Of a message of QoS 2 the library says that it has it (PUBREC) as soon as it has read it, and whoever crashes then
    has lost it. Here that is said by `ack`, and the broker's answer (PUBREL) is always taken (PUBCOMP).
    """

    def __init__(self, broker: Broker, stay: Stay, *, secs: float) -> None:
        self.is_5 = broker.version == "5"
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=stay.client_id,
            clean_session=None if self.is_5 else stay.is_clean,
            protocol=MQTTProtocolVersion.MQTTv5 if self.is_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if broker.user:
            self.username_pw_set(broker.user, broker.password)
        self._broker, self._stay, self._secs = broker, stay, secs
        self._is_receiving = False
        self._n_pings = 0
        self.n_pongs = 0
        self.lost_by: OSError | None = None

    def begin(self) -> None:
        """Connect, and send who we are."""
        broker, stay = self._broker, self._stay
        options: dict[str, Any] = {}
        if self.is_5:
            wishes: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # it has no types
            wishes.SessionExpiryInterval = stay.expires_secs
            wishes.ReceiveMaximum = stay.receive_max
            options = {"clean_start": stay.is_clean, "properties": wishes}
        self.connect(broker.host, broker.at_port, keepalive=broker.keep_alive_secs, **options)

    def ping(self) -> int:
        """Ask whether the broker is there; it answers after all that it was told before. Return which ping it is."""
        self._send_pingreq()
        return self._n_pings

    def ack(self, mid: int, qos: int) -> MQTTErrorCode:
        """Say that a message is stored."""
        return super()._send_pubrec(mid) if qos == 2 else super().ack(mid, qos)

    def _create_socket(self) -> Any:
        broker = self._broker
        found = egress.addresses(broker.host, broker.at_port, is_private=not broker.is_encrypted)
        plain = egress.connected(broker.host, broker.at_port, found, secs=min(self._secs, egress.CONNECT_SECS))
        plain.settimeout(self._secs)
        return egress.secured(plain, broker.host, context=context_of(broker)) if broker.is_encrypted else plain

    def _sock_recv(self, bufsize: int) -> bytes:
        try:
            return super()._sock_recv(bufsize)
        except BlockingIOError:
            raise
        except OSError as error:
            self.lost_by = error
            raise

    def _handle_publish(self) -> MQTTErrorCode:
        self._is_receiving = True
        try:
            code = super()._handle_publish()
        finally:
            self._is_receiving = False
        while self._in_messages:
            self._handle_on_message(self._in_messages.popitem()[1])
        return code

    def _send_pubrec(self, mid: int) -> MQTTErrorCode:
        return MQTTErrorCode.MQTT_ERR_SUCCESS if self._is_receiving else super()._send_pubrec(mid)

    def _handle_pubrel(self) -> MQTTErrorCode:
        (mid,) = struct.unpack("!H", self._in_packet["packet"][:2])
        return self._send_pubcomp(mid)

    def _send_pingreq(self) -> MQTTErrorCode:
        self._n_pings += 1
        return super()._send_pingreq()

    def _handle_pingresp(self) -> MQTTErrorCode:
        self.n_pongs += 1
        return super()._handle_pingresp()


def _is_readable(sock: Any, secs: float) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(secs * 1_000))


def _unanswered(broker: Broker, secs: float) -> Failure:
    told = f"{broker.host} takes the connection at port {broker.at_port}, and says nothing within {secs:g} s."
    return Failure(Part.NETWORK, told)


def _late(broker: Broker, secs: float) -> Failure:
    return Failure(Part.NETWORK, f"{broker.host} gives no answer within {secs:g} s.")


def _unwelcome(code: ReasonCode, broker: Broker) -> Failure:
    if code.value in NOT_LET_IN:
        return Failure(Part.SIGN_IN, f"{broker.host} {NOT_LET_IN[code.value]}.")
    if code.value == CLIENT_ID_REFUSED:
        return Failure(Part.SIGN_IN, f"{broker.host} does not take our client id.")
    if code.value == UNSUPPORTED_VERSION:
        return Failure(Part.NETWORK, f"{broker.host} does not speak MQTT {broker.version}.")
    return Failure(Part.NETWORK, f"{broker.host} does not let us in now: {str(code).lower()}.")


def _unsubscribed(filter: str, code: ReasonCode, broker: Broker) -> Failure:
    if code.value in NO_SUCH_FILTER:
        return Failure(Part.PLACE, f"{broker.host} has nothing by {filter}: {str(code).lower()}.")
    return Failure(Part.RIGHT, f"{broker.host} does not let us subscribe to {filter}: {str(code).lower()}.")
