"""A session with a mail server, signed in: at an address that was checked, under the name of its host."""

import io
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from apps.core import egress
from apps.core.egress import Resolve, Unreachable

SLICE_SECS: Final = 0.5  # for which nothing but the server is looked at
SLICE_BYTES: Final = 16_384  # sent at a time
MOST_SAID: Final = 200_000  # bytes of one reply


class MailServer(Protocol):
    """What has to be known of a mail server."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def port(self) -> int:
        """Where it listens."""

    @property
    def security(self) -> str:
        """Whether it turns to TLS (starttls), speaks it from the start (tls), or never (none)."""

    @property
    def user(self) -> str:
        """Who signs in; empty: nobody does."""

    @property
    def password(self) -> str:
        """The user's."""


class NotSignedIn(Exception):
    """The server was reached, and does not let us in; the message is for people, and holds no secret."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code  # what it said, if it said anything


class NotGreeted(Unreachable):
    """Somebody listens, and does not speak SMTP to us; `code` is what they said, if anything."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class SignInUnanswered(NotGreeted):
    """The server was reached, and says nothing once we sign in."""


class Session(smtplib.SMTP):
    """A session that connects to addresses that were checked, asks for no name, and takes no longer than it may.

    A time-out of a socket is one for each byte: who sends one now and then would be listened to for ever. `is_cut`,
    which any thread may set, ends it at once.
    """

    def __init__(
        self, server: MailServer, addresses: Sequence[str], *, secs: float, is_cut: threading.Event | None = None
    ) -> None:
        super().__init__(local_hostname=socket.gethostname(), timeout=secs)
        self._server, self._addresses = server, addresses
        self._host = server.host  # of the certificate, when it turns to TLS
        self._is_cut = is_cut or threading.Event()
        self.n_said = 0  # bytes of the reply that is read
        self.allow(secs)

    def allow(self, secs: float) -> None:
        """Let what follows take so long, all in all."""
        self._ends_at = time.monotonic() + secs

    def left(self) -> float:
        """Return how many seconds are left. Raises TimeoutError where there are none."""
        secs = self._ends_at - time.monotonic()
        if secs <= 0 or self._is_cut.is_set():
            raise TimeoutError
        return secs

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply, within the time that is left."""
        if self.file is None and self.sock:
            self.file = io.BufferedReader(_Listening(self))
        self.n_said = 0
        return super().getreply()

    def send(self, s: Any) -> None:
        """Send a command, or a mail, within the time that is left."""
        said = s.encode(self.command_encoding) if isinstance(s, str) else s
        for at in range(0, len(said), SLICE_BYTES):
            if self.sock:
                self.sock.settimeout(self.left())
            super().send(said[at : at + SLICE_BYTES])

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain = egress.connected(host, port, self._addresses, secs=min(self.left(), egress.CONNECT_SECS))
        plain.settimeout(self.left())
        return egress.secured(plain, host) if self._server.security == "tls" else plain


class _Listening(io.RawIOBase):
    """What a server says, as long as it may."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._session.sock:
            self._session.sock.settimeout(min(self._session.left(), SLICE_SECS))
            with suppress(TimeoutError):
                n_read: int = self._session.sock.recv_into(buffer)
                self._session.n_said += n_read
                if self._session.n_said > MOST_SAID:
                    raise OSError("It says too much.")
                return n_read
        return 0


def opened(
    server: MailServer,
    *,
    secs: float,
    resolve: Resolve = egress.resolved,
    is_cut: threading.Event | None = None,
) -> Session:
    """Connect, turn to TLS where that was chosen, and sign in where there is a user, in so many seconds all in all.

    The caller closes it.

    Raises Forbidden and Unreachable (with NotGreeted, SignInUnanswered) as egress does, and NotSignedIn.
    """
    addresses = egress.addresses(server.host, server.port, is_private=server.security == "none", resolve=resolve)
    session = Session(server, addresses, secs=secs, is_cut=is_cut)
    try:
        _greet(session, server)
        if server.user:
            _sign_in(session, server)
    except BaseException:
        session.close()
        raise
    return session


def _greet(session: Session, server: MailServer) -> None:
    try:
        code, _ = session.connect(server.host, server.port)
        if code != 220:
            raise NotGreeted(f"{server.host} does not take mail now: it said {code}.", code)
        session.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            _turn_to_tls(session, server)
            session.ehlo_or_helo_if_needed()  # what was said before is forgotten
    except smtplib.SMTPResponseException as error:
        raise NotGreeted(f"{server.host} does not greet us: it said {error.smtp_code}.", error.smtp_code) from None
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        reason = "it takes too long" if _is_late(error) else "it broke off, or speaks no SMTP"
        raise NotGreeted(f"{server.host} does not greet us: {reason}.") from None


def _is_late(error: Exception) -> bool:
    return TimeoutError in map(type, (error, error.__context__))


def _turn_to_tls(session: Session, server: MailServer) -> None:
    if not session.has_extn("starttls"):
        raise egress.NoTls(f"{server.host} does not offer to turn to TLS (STARTTLS).")
    try:
        code, _ = session.starttls(context=ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        raise egress.NoTls(f"The certificate of {server.host} is not to be trusted: {error.verify_message}.") from None
    except (smtplib.SMTPException, OSError):
        raise egress.NoTls(f"No secure connection to {server.host}: it was broken off.") from None
    if code != 220:
        raise egress.NoTls(f"{server.host} does not turn to TLS: it said {code}.")


def _sign_in(session: Session, server: MailServer) -> None:
    try:
        session.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        message = f"It does not take this user and password: it said {error.smtp_code}."
        raise NotSignedIn(message, error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise NotSignedIn("It lets nobody sign in here: it takes no AUTH.") from None
    except smtplib.SMTPResponseException as error:
        raise NotSignedIn(f"It does not let us sign in: it said {error.smtp_code}.", error.smtp_code) from None
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        if _is_late(error):
            said = f"{server.host} gives no answer to the sign-in within {session.timeout:g} s."
            raise SignInUnanswered(said) from None
        raise NotGreeted(f"{server.host} broke off while we signed in.") from None
    except (smtplib.SMTPException, UnicodeError):
        raise NotSignedIn("It offers no way to sign in that we know, or none for such a password.") from None
