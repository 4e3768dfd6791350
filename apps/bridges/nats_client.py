"""Ways to NATS servers: by addresses that were checked, for callers that wait, with what went wrong in words.

A link has an event loop of its own, which runs only while its caller waits: nothing happens behind their back.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol, TypeVar
from urllib.parse import ParseResult

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport

from apps.bridges import tls
from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.bridges.nats_keys import nkey_of, parts_of
from apps.bridges.tls import IsAnswering
from apps.core import egress
from apps.core.egress import EgressError

T = TypeVar("T")
PORT: Final = 4222
CONNECT_SECS: Final = 5.0
PING_SECS: Final = 20  # a server that misses three is gone
LEAVE_SECS: Final = 0.5
API: Final = "$JS.API"


class Server(NamedTuple):
    """A server by its name."""

    host: str
    port: int


class Way(IsAnswering, Protocol):
    """Where the servers are, and who we are there."""

    @property
    def addresses(self) -> tuple[Server, ...]:
        """The servers of a cluster, one of which is enough."""

    @property
    def sign_in(self) -> str:
        """none, password, token, nkey, or credentials."""

    @property
    def user(self) -> str:
        """Who we are."""

    @property
    def password(self) -> str:
        """Their password."""

    @property
    def token(self) -> str:
        """What lets anybody in who has it."""

    @property
    def seed(self) -> str:
        """The seed of an nkey."""

    @property
    def credentials(self) -> str:
        """The text of a .creds file."""


class _CheckedTransport(TcpTransport):
    """A connection that is there already: to an address that the egress policy has checked."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._connection: socket.socket | None = connection

    def __bool__(self) -> bool:
        return True  # else the client would make a transport of its own, which asks for names

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        """Use the connection, once."""
        connection, self._connection = self._connection, None
        if connection is None:
            raise ConnectionAbortedError
        reader, writer = await asyncio.open_connection(sock=connection, limit=buffer_size)
        self._bare_io_reader = self._io_reader = reader
        self._bare_io_writer = self._io_writer = writer

    async def connect_tls(
        self, uri: str | ParseResult, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        """Turn to TLS, and say so where that fails."""
        try:
            await super().connect_tls(uri, ssl_context, buffer_size, connect_timeout)
        except OSError as error:
            raise failure_of(egress.no_tls(str(uri), error)) from None


class _CheckedClient(Client):
    """A client that speaks TLS if it shall, whatever the server says, and follows to no other servers."""

    def __init__(self, connection: socket.socket, way: Way) -> None:
        super().__init__()
        self._transport = _CheckedTransport(connection)
        self._way = way

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:  # noqa: FBT001, FBT002 - as the client calls it
        info.pop("connect_urls", None)  # addresses of its cluster, which nobody has checked
        if initial_connection and self._way.is_encrypted:
            # What it says before TLS anybody may have written: without it nothing of ours is sent.
            info["tls_required"] = True
            if info.get("tls_verify") and not self._way.certificate:
                raise Failure(Part.TLS, "The server wants a certificate of ours, and the connection has none.")
        elif initial_connection and info.get("tls_required"):
            raise Failure(Part.TLS, "The server takes connections by TLS alone.")
        await super()._process_info(info, initial_connection)


class Link:
    """A connection to one of the servers. One thread uses it; its methods raise Failure."""

    def __init__(self, way: Way, *, secs: float | None = None) -> None:
        self._way, self._secs = way, way.secs if secs is None else secs
        self._loop = asyncio.new_event_loop()
        self._client: _CheckedClient | None = None
        self._ended: asyncio.Future[Failure] = self._loop.create_future()
        self.server = way.addresses[0]
        try:
            self._connect_to_any()
        except BaseException:
            self.close()
            raise

    def _connect_to_any(self) -> None:
        """Try one server after the other; the last one's failure stands for all."""
        for server in self._way.addresses:
            self.server = server
            try:
                self._connect(server)
                return
            except Failure:
                self._leave()
                if server == self._way.addresses[-1]:
                    raise

    def _connect(self, server: Server) -> None:
        host, port = server
        try:
            found = egress.addresses(host, port, is_private=not self._way.is_encrypted)
            connection = egress.connected(host, port, found, secs=min(self._secs, CONNECT_SECS))
        except EgressError as error:
            raise failure_of(error) from None
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._ended = self._loop.create_future()
        self._client = _CheckedClient(connection, self._way)
        try:
            self._loop.run_until_complete(asyncio.wait_for(self._sign_in(self._client, server), self._secs))
        except TimeoutError:
            raise Failure(Part.SIGN_IN, f"{host} took the connection, and gave no answer in time.") from None
        except OSError:
            raise self._broken_off(host) from None
        except errors.Error as error:
            raise self._not_signed_in(host, error) from None
        if not self._client.is_connected:
            raise self._broken_off(host)

    async def _sign_in(self, client: _CheckedClient, server: Server) -> None:
        scheme = "tls" if self._way.is_encrypted else "nats"
        host = f"[{server.host}]" if ":" in server.host else server.host
        await client.connect(
            servers=[f"{scheme}://{host}:{server.port}"],
            name="cdp",
            allow_reconnect=False,  # who has lost the connection makes another link
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=max(int(self._secs), 1),
            ping_interval=PING_SECS,
            max_outstanding_pings=3,
            error_cb=self._on_error,
            closed_cb=self._on_closed,
            tls=tls.context_of(self._way) if self._way.is_encrypted else None,
            **_credentials(client, self._way),
        )

    def _broken_off(self, host: str) -> Failure:
        if self._way.is_encrypted:  # a server says only after the handshake that it does not trust our certificate
            return Failure(Part.TLS, f"{host} broke off as soon as TLS was there: it may not trust our certificate.")
        return Failure(Part.NETWORK, f"{host} broke off.")

    def _not_signed_in(self, host: str, error: errors.Error) -> Failure:
        said = str(error).lower()
        if "authorization" in said or "authentication" in said:
            return Failure(Part.SIGN_IN, f"{host} does not let us in by this.")
        if isinstance(error, errors.NoServersError) or "info" in said:
            return Failure(Part.NETWORK, f"{host} broke off, or is no NATS server.")
        return Failure(Part.SIGN_IN, f"{host} did not let us in: {said.removeprefix('nats: ')[:150]}.")

    async def _on_error(self, error: Exception) -> None:
        """Note that something is not allowed: the server answers nothing else to it."""
        said = str(error)
        if "permissions violation" in said.lower() and not self._ended.done():
            what = said.removeprefix("nats: ").rstrip(".'")
            self._ended.set_result(Failure(Part.RIGHT, f"{self.server.host} does not let us: {what[:200]}."))

    async def _on_closed(self) -> None:
        if not self._ended.done():
            self._ended.set_result(Failure(Part.NETWORK, f"{self.server.host} broke off."))

    def run(self, work: Coroutine[Any, Any, T], *, secs: float | None = None) -> T:
        """Let something be done, in so long at most; it ends early where the connection does."""
        return self._loop.run_until_complete(self._done(work, self._secs if secs is None else secs))

    async def _done(self, work: Coroutine[Any, Any, T], secs: float) -> T:
        task = asyncio.ensure_future(work)
        try:
            waited: set[asyncio.Future[Any]] = {task, self._ended}
            await asyncio.wait(waited, timeout=secs, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if self._ended.done():
                raise self._ended.result()
            raise Failure(Part.NETWORK, f"{self.server.host} gave no answer in time.")
        except errors.NoRespondersError:
            raise Failure(Part.PLACE, f"{self.server.host} has no JetStream for us.") from None
        except errors.Error:
            if self._ended.done():
                raise self._ended.result() from None
            raise Failure(Part.NETWORK, f"{self.server.host} broke off.") from None
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):  # its own end tells nothing new
                await task

    @property
    def client(self) -> Client:
        """The client, for what is run."""
        assert self._client
        return self._client

    def ask(self, what: str, said: object = None) -> dict[str, Any]:
        """Ask JetStream for something; an answer that is an error has it as `error`."""
        return self.run(self.asked(what, said))

    async def asked(self, what: str, said: object = None) -> dict[str, Any]:
        """Ask JetStream, within what is run."""
        body = b"" if said is None else json.dumps(said).encode()
        answer: Msg = await self.client.request(f"{API}.{what}", body, timeout=self._secs * 2)
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def close(self) -> None:
        """Leave."""
        if self._loop.is_closed():
            return
        self._leave()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _leave(self) -> None:
        """Close the connection, and end all that the client has begun."""
        client, self._client = self._client, None
        if client:
            with suppress(Exception):  # it is gone in any case
                self._loop.run_until_complete(asyncio.wait_for(client.close(), LEAVE_SECS))
            if client._transport:
                client._transport.close()  # type: ignore[no-untyped-call]
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=LEAVE_SECS))

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _credentials(client: _CheckedClient, way: Way) -> dict[str, Any]:
    """Say by what we sign in."""
    if way.sign_in == "password":
        return {"user": way.user, "password": way.password}
    if way.sign_in == "token":
        return {"token": way.token}
    if way.sign_in == "nkey":
        key = nkey_of(way.seed)
        client._public_nkey = key.public
        return {"signature_cb": key.signature}
    if way.sign_in == "credentials":
        jwt, key = parts_of(way.credentials)
        return {"signature_cb": key.signature, "user_jwt_cb": jwt.encode}
    return {}
