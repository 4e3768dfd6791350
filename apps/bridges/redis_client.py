"""Ways to a server that speaks the protocol of Redis: by addresses that were checked, with what went wrong in words."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import redis
from redis.connection import Connection, ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    NoPermissionError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from apps.bridges import tls
from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.bridges.tls import IsAnswering
from apps.core import egress
from apps.core.egress import EgressError

CONNECT_SECS: Final = 5.0


class Way(IsAnswering, Protocol):
    """Where the server is, and who we are there."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def port(self) -> int:
        """Where it listens."""

    @property
    def database(self) -> int:
        """The number of the database."""

    @property
    def user(self) -> str:
        """Who we are; empty: the default user."""

    @property
    def password(self) -> str:
        """Their password; empty: it wants none."""


class _CheckedConnection(Connection):
    """A connection to one of the addresses that the egress policy has checked, under the name of the host for TLS."""

    def __init__(self, *, way: Way, secs: float, **options: Any) -> None:
        super().__init__(host=way.host, port=way.port, socket_timeout=secs, **options)  # type: ignore[no-untyped-call]
        self._way, self._secs = way, secs

    def _connect(self) -> socket.socket:
        way, secs = self._way, min(self._secs, CONNECT_SECS)
        found = egress.addresses(way.host, way.port, is_private=not way.is_encrypted)
        connection = egress.connected(way.host, way.port, found, secs=secs)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if way.is_encrypted:
            try:
                connection = egress.secured(connection, way.host, context=tls.context_of(way))
            except EgressError:
                connection.close()
                raise
        connection.settimeout(self._secs)
        return connection

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - as the client calls it
        """Sign in; with TLS 1.3 a server that misses a certificate of ours may break off only then."""
        try:
            super().on_connect_check_health(check_health)
        except ConnectionError as error:
            if type(error) is not ConnectionError or not self._way.is_encrypted:
                raise
            self.disconnect()  # type: ignore[no-untyped-call]
            told = f"{self._way.host} broke off as soon as TLS was there: it may want a certificate of ours."
            raise egress.NoTls(told) from None


def client(way: Way, *, secs: float | None = None) -> redis.Redis:
    """Make a client, which connects with its first command, asks once, and waits so long for each answer.

    `told` puts into words what its commands raise.
    """
    pool = ConnectionPool(
        connection_class=_CheckedConnection,
        way=way,
        secs=way.secs if secs is None else secs,
        db=way.database,
        username=way.user or None,
        password=way.password or None,
        protocol=2,
        driver_info=None,
    )
    return redis.Redis.from_pool(pool)  # which it closes


@contextmanager
def told(way: Way, *places: str) -> Iterator[None]:
    """Turn what commands raise into a Failure, which names keys or channels where it is about them."""
    try:
        yield
    except EgressError as error:
        raise failure_of(error) from None
    except RedisError as error:
        part, said = _said(error, way)
        is_about_places = places and part in (Part.RIGHT, Part.PLACE)
        raise Failure(part, f"{', '.join(places)[:200]}: {said}" if is_about_places else said) from None


def _said(error: RedisError, way: Way) -> tuple[Part, str]:
    """Say which part failed, and how, without what the server was told."""
    if isinstance(error, AuthenticationError):
        return Part.SIGN_IN, _refusal(str(error), way)
    if isinstance(error, BusyLoadingError):
        return Part.NETWORK, f"{way.host} has just begun, and still loads its data."
    if isinstance(error, TimeoutError):
        return Part.NETWORK, f"{way.host} took the connection, and gave no answer in time."
    if isinstance(error, ResponseError):
        return _answered(error, way)
    return Part.NETWORK, f"{way.host} broke off, or speaks another protocol."


def _refusal(said: str, way: Way) -> str:
    if "Authentication required" in said or "NOAUTH" in said:
        return f"{way.host} wants a password, and the connection has none."
    if "without any password" in said or "no password is set" in said:
        return f"{way.host} knows no password of the default user: name a user, or leave the password empty."
    return f"{way.host} does not take this user and password."


def _answered(error: ResponseError, way: Way) -> tuple[Part, str]:
    said = str(error)
    if isinstance(error, NoPermissionError) or "ACL failure" in said:
        return Part.RIGHT, f"{way.host} does not let this user do it: {said[:150].rstrip('.')}."
    if isinstance(error, ReadOnlyError):
        return Part.RIGHT, f"{way.host} is a replica, which may only be read from: connect to the primary."
    if isinstance(error, MovedError):
        return Part.PLACE, "It is a node of a cluster, and another node has the key: connect to that one."
    if isinstance(error, ClusterCrossSlotError):
        return (
            Part.PLACE,
            "It is a cluster: streams each need a bridge, and a list a name with a hash tag, as {orders}.",
        )
    if isinstance(error, ClusterDownError):
        return Part.NETWORK, f"{way.host} says that its cluster, or its primary, is down."
    if "WRONGTYPE" in said:
        return Part.PLACE, "The key holds something of another type."
    if said.startswith(("NOGROUP", "UNBLOCKED")):
        return Part.PLACE, "The stream, or the group of its consumers, is gone."
    if "DB index" in said:
        return Part.PLACE, f"{way.host} has no database {way.database}."
    return Part.RIGHT, f"{way.host} refused a command: {said[:100].rstrip('.')}."
