"""A session with an IMAP server, signed in: at an address that was checked, under the name of its host."""

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final, Protocol

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, IMAPClientReadOnlyError

from apps.bridges import access_tokens, imap_stream
from apps.bridges.access_tokens import HasRefreshToken, NoToken
from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.bridges.imap_stream import Stream, TooMuch
from apps.core import egress
from apps.core.egress import EgressError, Resolve

MAX_TOLD: Final = 200  # characters of what a server says
LIMIT: Final = re.compile(r"\[LIMIT\]|too many|maximum number of connections|connection limit", re.IGNORECASE)
# How the libraries frame what a server said.
FRAME: Final = re.compile(r"^(command: \w+ => |\w+ command error: (NO|BAD) |\w+ failed: )+")
QUOTED: Final = re.compile(r"""^\[?b(['"])(.*)\1\]?$""", re.DOTALL)
# What they raise of answers that are no IMAP.
NO_IMAP: Final = (OSError, IMAPClientError, UnicodeError, ValueError, LookupError, TypeError, AttributeError)


class ImapServer(HasRefreshToken, Protocol):
    """What has to be known of a server."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def port(self) -> int:
        """Where it listens."""

    @property
    def security(self) -> str:
        """Whether it speaks TLS from the start (tls), turns to it (starttls), or never (none)."""

    @property
    def ca(self) -> str:
        """The authority that is trusted; empty: those that the world trusts."""

    @property
    def sign_in(self) -> str:
        """By what it lets us in: password, oauth."""

    @property
    def user(self) -> str:
        """Whose mailbox it is."""

    @property
    def password(self) -> str:
        """The user's."""


class Refused(Failure):
    """The server does not do what it was asked; `said` is its own text."""

    def __init__(self, host: str, said: str) -> None:
        super().__init__(Part.RIGHT, f"{host} refuses what it was asked: it said {said}")
        self.said = said


class NotWritable(Refused):
    """The folder may be read, and not changed."""


class Session(IMAPClient):  # type: ignore[misc]  # it carries no types
    """`IMAPClient` over a connection that is there, whose waits end."""

    def __init__(self, server: ImapServer, protocol: imap_stream.Protocol, *, secs: float) -> None:
        self._protocol = protocol
        self.secs = secs
        self.hidden = [secret for secret in (server.password, server.client_secret, server.refresh_token) if secret]
        self._idles = b""  # the tag of the command
        super().__init__(server.host, ssl=False)
        self.normalise_times = False  # times keep their zone
        self._imap.debug = 0  # neither mails nor credentials are for logs

    def _create_IMAP4(self) -> imap_stream.Protocol:
        return self._protocol

    @property
    def listening(self) -> Stream:
        """What the server says."""
        stream: Stream = self._protocol.file
        return stream

    @contextmanager
    def asking(self, *, most: int = imap_stream.MOST_LINE) -> Iterator[None]:
        """Ask for something, in so many seconds and with so many bytes a literal. Raises Failure, Refused of them."""
        self.listening.allow(self.secs)
        self.listening.most = most
        try:
            yield
        except IMAPClientReadOnlyError as error:
            raise NotWritable(self.host, self.told(error)) from None
        except IMAPClientAbortError as error:
            raise Failure(Part.NETWORK, self.broke_off(error)) from None
        except IMAPClientError as error:
            raise Refused(self.host, self.told(error)) from None
        except NO_IMAP as error:
            raise Failure(Part.NETWORK, self.broke_off(error)) from None

    def told(self, error: Exception) -> str:
        """Return what the server said, in short and without secrets."""
        return said_of(error, hidden=self.hidden)

    def has_news(self) -> bool:
        """Tell whether mails have come since this was asked last, as far as the server has said so in between."""
        return bool(self._imap.untagged_responses.pop("EXISTS", None))

    def begin_idle(self) -> None:
        """Let the server tell of new mails by itself, until `end_idle`; whatever is said meanwhile is news."""
        with self.asking():
            tag = self._imap._command("IDLE")
            while self._imap._get_response() is not None:  # None: it goes on
                if done := self._imap.tagged_commands.pop(tag, None):
                    raise IMAPClientError(done[1][-1])
            self._idles = tag

    def end_idle(self) -> None:
        """Ask again from now on."""
        with self.asking():
            self._imap.send(b"DONE\r\n")
            self._imap._command_complete("IDLE", self._idles)

    def leave(self) -> None:
        """Close the connection, without a wait."""
        with suppress(*NO_IMAP):
            self._imap.shutdown()

    def broke_off(self, error: Exception) -> str:
        """Say how the server left."""
        if isinstance(error, TimeoutError):
            return f"{self.host} gives no answer within {self.secs:g} seconds."
        if isinstance(error, TooMuch):
            return f"{self.host} says more than was asked for."
        said = self.told(error)
        if isinstance(error, OSError) or "socket error" in said:
            return f"{self.host} broke off."
        if isinstance(error, IMAPClientAbortError):
            return f"{self.host} broke off: it said {said}"
        return f"{self.host} said what is no IMAP ({type(error).__name__})."


def opened(server: ImapServer, *, secs: float, resolve: Resolve = egress.resolved) -> Session:
    """Connect, turn to TLS where that was chosen, and sign in; each in so many seconds. The caller leaves.

    Raises Failure.
    """
    try:
        addresses = egress.addresses(server.host, server.port, is_private=server.security == "none", resolve=resolve)
        with ExitStack() as stack:
            session = _greeted(server, addresses, stack, secs=secs)
            if session._imap.state != "AUTH":  # it may know us already: PREAUTH
                _sign_in(session, server)
            stack.pop_all()
    except EgressError as error:
        raise failure_of(error) from None
    return session


def _greeted(server: ImapServer, addresses: Sequence[str], stack: ExitStack, *, secs: float) -> Session:
    sock = imap_stream.connected(server.host, server.port, addresses, secs=secs)
    stack.callback(sock.close)
    context = ssl.create_default_context(cadata=server.ca or None) if server.security != "none" else None
    if context and server.security == "tls":
        sock = stack.enter_context(egress.secured(sock, server.host, context=context))
    try:
        protocol = imap_stream.Protocol(server.host, sock, secs=secs)
        if context and server.security == "starttls":
            protocol.turn_to_tls(context, server.host)
            stack.callback(protocol.sock.close)
        return Session(server, protocol, secs=secs)
    except TimeoutError:
        raise Failure(Part.NETWORK, f"{server.host} does not greet us: it takes too long.") from None
    except NO_IMAP as error:
        said = said_of(error)
        if LIMIT.search(said):
            raise Failure(Part.NETWORK, f"{server.host} takes no more connections: it said {said}") from None
        told = f"{server.host} does not greet us: it broke off, or speaks no IMAP."
        raise Failure(Part.NETWORK, told) from None


def _sign_in(session: Session, server: ImapServer) -> None:
    try:
        if server.sign_in == "oauth":
            _by_token(session, server)
        else:
            _by_password(session, server)
    except NoToken as error:
        raise Failure(Part.SIGN_IN, str(error)) from None
    except TimeoutError:
        told = f"{server.host} gives no answer to the sign-in within {session.secs:g} seconds."
        raise Failure(Part.SIGN_IN, told) from None
    except IMAPClientAbortError as error:
        raise Failure(Part.SIGN_IN, session.broke_off(error)) from None
    except IMAPClientError as error:
        raise Failure(Part.SIGN_IN, _refusal(session, server, error)) from None
    except NO_IMAP as error:
        raise Failure(Part.NETWORK, session.broke_off(error)) from None


def _by_password(session: Session, server: ImapServer) -> None:
    session.listening.allow(session.secs)
    if session.has_capability("AUTH=PLAIN"):  # it takes passwords of all letters
        said = f"\0{server.user}\0{server.password}".encode()
        session._imap.authenticate("PLAIN", lambda _challenge: said)
    elif session.has_capability("LOGINDISABLED"):
        raise IMAPClientError("It takes no password here.")
    else:
        session._imap.login(session._imap._quote(server.user), server.password)


def _by_token(session: Session, server: ImapServer) -> None:
    token = access_tokens.access_token(server, secs=session.secs)
    session.hidden.append(token)
    said = [f"user={server.user}\1auth=Bearer {token}\1\1".encode()]
    session.listening.allow(session.secs)
    try:
        # What it says to a token that it does not take, it says in between, and wants nothing for an answer.
        session._imap.authenticate("XOAUTH2", lambda _challenge: said.pop() if said else b"")
    except IMAPClientError:
        access_tokens.refused(server)
        raise


def _refusal(session: Session, server: ImapServer, error: Exception) -> str:
    said = session.told(error)
    if LIMIT.search(said):
        return f"It takes no more connections of {server.user}: it said {said}"
    if "[UNAVAILABLE]" in said:
        return f"It cannot tell now whether we may: it said {said}"
    what = "access token" if server.sign_in == "oauth" else "password"
    return f"It does not take this user and {what}: it said {said}"


def said_of(error: Exception, *, hidden: Sequence[str] = ()) -> str:
    """Return what a server said, as the libraries pass it on: in short, printable, and without what is hidden."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    text = QUOTED.sub(r"\2", FRAME.sub("", text))
    for secret in hidden:
        text = text.replace(secret, "…")
    text = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return f"{text[:MAX_TOLD]}…" if len(text) > MAX_TOLD else text
