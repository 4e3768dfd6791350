"""A session with RabbitMQ, by AMQP 0-9-1: at an address that was checked, under the name of its host.

The library's loop turns only while somebody waits here, so that each wait has an end, and nothing comes that nobody
has asked for: what is not read stays in the socket, and RabbitMQ stops to send.
"""

import logging
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import pika
from pika import exceptions as pika_errors
from pika.adapters.select_connection import IOLoop, SelectConnection
from pika.adapters.utils import connection_workflow as stages

from apps.bridges import amqp_tables
from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.bridges.tls import IsAnswering, context_of
from apps.core import egress
from apps.core.egress import EgressError

# What it logs is raised here, too, and said without addresses.
logging.getLogger("pika").setLevel(logging.CRITICAL)
amqp_tables.install()

CLOSE_SECS: Final = 2.0  # for a farewell
MOST_SAID: Final = 200  # characters of what a broker says
NO_SUCH_HOST: Final = "not found"  # of what is said about a virtual host
# Where a connection is ended by a code of AMQP: not allowed, not implemented for such a queue.
ENDED_AT: Final = {530: Part.RIGHT, 540: Part.PLACE}


class Broker(IsAnswering, Protocol):
    """What has to be known of a broker."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def at_port(self) -> int:
        """Where it listens."""

    @property
    def virtual_host(self) -> str:
        """The part of it that is entered."""

    @property
    def sign_in(self) -> str:
        """By what it lets us in: password, or certificate."""

    @property
    def user(self) -> str:
        """Who signs in by a password."""

    @property
    def password(self) -> str:
        """The user's."""

    @property
    def heartbeat_secs(self) -> int:
        """After so long without a word of the other each side takes the connection for dead."""


class Refused(Exception):
    """The broker has closed the channel: what was asked for cannot be had. `told` is what it said."""

    def __init__(self, code: int, told: str) -> None:
        super().__init__(f"{code} {told}")
        self.code = code
        self.told = told


class Session:
    """A connection that is open. Not for several threads. Whatever breaks it is raised as Failure."""

    def __init__(self, broker: Broker, *, secs: float) -> None:
        """Connect and sign in, in so many seconds all in all."""
        self._broker, self._secs = broker, secs
        self._lost: BaseException | None = None
        try:
            found = egress.addresses(broker.host, broker.at_port, is_private=not broker.is_encrypted)
        except EgressError as error:
            raise failure_of(error) from None
        self._loop = IOLoop()
        self._loop.activate_poller()
        try:
            self._connection = self._opened([_parameters(broker, ip, secs=secs / len(found)) for ip in found])
        except BaseException:
            self._end_loop()
            raise
        self._connection.add_on_close_callback(self._note_end)

    def channel(self) -> "Channel":
        """Open a channel."""
        return Channel(self, self._connection)

    def wait(self, is_done: Callable[[], Any], secs: float) -> bool:
        """Let things happen until it is done, or so many seconds are over; return whether it is done."""
        ends_at = time.monotonic() + secs
        timer = self._loop.call_later(secs, _nothing)
        try:
            while not is_done():
                self._turn()
                if time.monotonic() >= ends_at:
                    return bool(is_done())
            return True
        finally:
            self._loop.remove_timeout(timer)

    def answered(self, is_done: Callable[[], Any]) -> None:
        """Wait for an answer. Raises Failure where none comes in time."""
        if not self.wait(is_done, self._secs):
            raise Failure(Part.NETWORK, f"{self._broker.host} gives no answer within {self._secs:g} s.")

    def close(self) -> None:
        """Leave; whoever does not answer is left without a word."""
        with suppress(Failure, pika_errors.AMQPError):
            self._connection.close()
            self.wait(lambda: self._connection.is_closed, CLOSE_SECS)
        self._end_loop()

    def _opened(self, choices: list[pika.ConnectionParameters]) -> SelectConnection:
        outcome: list[Any] = []
        SelectConnection.create_connection(choices, on_done=outcome.append, custom_ioloop=self._loop)
        if not self.wait(lambda: outcome, self._secs + CLOSE_SECS):
            raise _unanswered(self._broker, self._secs)
        if isinstance(outcome[0], BaseException):
            raise _unopened(outcome[0], self._broker, self._secs)
        return outcome[0]

    def _turn(self) -> None:
        if self._lost:
            raise _broken(self._lost, self._broker)
        self._loop.poll()
        self._loop.process_timeouts()

    def _note_end(self, _connection: Any, error: BaseException) -> None:
        self._lost = error

    def _end_loop(self) -> None:
        self._loop.deactivate_poller()
        self._loop.close()


class Channel:
    """One line of questions and answers within a session."""

    def __init__(self, session: Session, connection: SelectConnection) -> None:
        self._session = session
        self._closed: BaseException | None = None
        opened: list[Any] = []
        self.amqp = connection.channel(on_open_callback=opened.append)
        self.amqp.add_on_close_callback(self._note_end)
        session.answered(lambda: opened or self._closed)
        self.check()

    def ask(self, method: str, **arguments: Any) -> Any:
        """Call a method of the channel that has an answer, and return that. Raises Refused and Failure."""
        self.check()
        answers: list[Any] = []
        getattr(self.amqp, method)(**arguments, callback=answers.append)
        self._session.answered(lambda: answers or self._closed)
        self.check()
        return answers[0].method

    def get(self, queue: str) -> tuple[Any, Any, bytes] | None:
        """Take one message, if there is one; it has to be given back, or acknowledged."""
        self.check()
        got: list[tuple[Any, Any, bytes] | None] = []

        def found(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
            got.append((method, properties, body))

        self.amqp.add_callback(lambda _: got.append(None), [pika.spec.Basic.GetEmpty], one_shot=True)
        self.amqp.basic_get(queue, found)
        self._session.answered(lambda: got or self._closed)
        self.check()
        return got[0]

    @property
    def is_closed(self) -> bool:
        """Whether somebody has closed it."""
        return self._closed is not None

    def check(self) -> None:
        """Raise Refused where the broker has closed it."""
        match self._closed:
            case None:
                return
            case pika_errors.ChannelClosed() as closed:
                raise Refused(closed.reply_code, closed.reply_text[:MOST_SAID])
            case _:  # with the connection, of which waiting tells
                self._session.wait(lambda: False, 0)

    def _note_end(self, _channel: Any, error: BaseException) -> None:
        self._closed = error


def _nothing() -> None:
    """Wake the loop."""


def _parameters(broker: Broker, address: str, *, secs: float) -> pika.ConnectionParameters:
    tls = pika.SSLOptions(context_of(broker), server_hostname=broker.host) if broker.is_encrypted else None
    by_certificate = broker.sign_in == "certificate"
    plain = pika.PlainCredentials(broker.user, broker.password)
    return pika.ConnectionParameters(
        host=address,
        port=broker.at_port,
        virtual_host=broker.virtual_host,
        credentials=pika.credentials.ExternalCredentials() if by_certificate else plain,
        ssl_options=tls,
        heartbeat=broker.heartbeat_secs,
        socket_timeout=min(secs, egress.CONNECT_SECS),
        stack_timeout=secs,
        blocked_connection_timeout=broker.secs,
        client_properties={"connection_name": "cdp"},
    )


def _unopened(error: BaseException, broker: Broker, secs: float) -> Failure:
    """Say at which part a connection ended that did not come about."""
    if isinstance(error, stages.AMQPConnectionWorkflowFailed):
        error = error.exceptions[-1]
    cause = getattr(error, "exception", error)
    is_late = isinstance(cause, stages.AMQPConnectorStackTimeout | TimeoutError)
    match error:
        case stages.AMQPConnectorSocketConnectError():
            said = TimeoutError() if is_late else cause
            no_way = egress.no_connection(broker.host, broker.at_port, said if isinstance(said, OSError) else OSError())
            return failure_of(no_way)
        case stages.AMQPConnectorTransportSetupError():
            return failure_of(egress.no_tls(broker.host, TimeoutError() if is_late else cause))
        case stages.AMQPConnectorAMQPHandshakeError():
            return _unwelcome(cause, broker, secs)
    return Failure(Part.NETWORK, f"No connection to {broker.host}, port {broker.at_port}.")


def _unwelcome(cause: BaseException, broker: Broker, secs: float) -> Failure:
    """Say why a broker that was reached did not let us in."""
    where = f"the virtual host {broker.virtual_host}"
    match cause:
        case stages.AMQPConnectorStackTimeout():
            return _unanswered(broker, secs)
        case pika_errors.ProbableAuthenticationError():
            return Failure(Part.SIGN_IN, f"{broker.host} does not take {_who(broker)}.")
        case pika_errors.AuthenticationError():
            return Failure(Part.SIGN_IN, f"{broker.host} lets nobody in by {_way(broker)}.")
        case pika_errors.ProbableAccessDeniedError() if NO_SUCH_HOST in str(cause):
            return Failure(Part.RIGHT, f"{broker.host} has no virtual host {broker.virtual_host}.")
        case pika_errors.ProbableAccessDeniedError():
            return Failure(Part.RIGHT, f"{broker.host} does not let us into {where}.")
        case _ if broker.is_encrypted:
            told = f"{broker.host} broke off: it wants another certificate of ours, or does not speak AMQP 0-9-1."
            return Failure(Part.TLS, told)
    return Failure(Part.NETWORK, f"{broker.host} broke off, or does not speak AMQP 0-9-1 at port {broker.at_port}.")


def _unanswered(broker: Broker, secs: float) -> Failure:
    return Failure(Part.NETWORK, f"{broker.host} takes the connection at port {broker.at_port}, and says nothing "
                   f"within {secs:g} s.")  # fmt: skip


def _who(broker: Broker) -> str:
    return "our certificate" if broker.sign_in == "certificate" else "this user and password"


def _way(broker: Broker) -> str:
    return "certificates (EXTERNAL)" if broker.sign_in == "certificate" else "password (PLAIN)"


def _broken(error: BaseException, broker: Broker) -> Failure:
    """Say why a connection that was open is no more."""
    match error:
        case pika_errors.ConnectionClosed() as closed:
            part = ENDED_AT.get(closed.reply_code, Part.NETWORK)
            return Failure(part, f"{broker.host} ended the connection: {closed.reply_text[:MOST_SAID].rstrip('.')}.")
        case pika_errors.AMQPHeartbeatTimeout():
            return Failure(Part.NETWORK, f"{broker.host} has not been heard of for too long.")
        case pika_errors.ConnectionBlockedTimeout():
            return Failure(Part.NETWORK, f"{broker.host} is short of memory or disk, and does nothing for us.")
        case _ if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
            return Failure(Part.TLS, f"The secure connection to {broker.host} broke.")
    return Failure(Part.NETWORK, f"{broker.host} broke off.")
