"""Mail, one after the other, through a session that is kept from one to the next."""

import logging
import smtplib
import threading
import time
from contextlib import suppress
from typing import Final, Protocol

from apps.bridges import mail_session, requests, verdicts
from apps.bridges.mail_session import MailServer, NotGreeted, NotSignedIn, Session
from apps.bridges.transport import Parcel, Reply, failed, mail
from apps.bridges.transport.in_turn import InTurn
from apps.bridges.transport.mail import Sender
from apps.bridges.verdicts import Stage, Verdict
from apps.core import egress
from apps.core.egress import EgressError, Forbidden, Resolve

logger = logging.getLogger(__name__)
IDLE_SECS: Final = 30.0  # then a session is not trusted to be there any more
BYE_SECS: Final = 2.0
CLOSING: Final = 421  # the server ends the session
TAKEN: Final = (250, 251)


class Mailer(MailServer, Sender, Protocol):
    """What has to be known of whom mail goes out by."""


class _Said(Exception):
    """The server said no."""

    def __init__(self, stage: Stage, code: int, text: bytes) -> None:
        super().__init__()
        self.stage, self.code, self.text = stage, code, text


class SmtpTransport(InTurn):
    """Mail by one server."""

    def __init__(self, mailer: Mailer, *, secs: float, resolve: Resolve = egress.resolved) -> None:
        super().__init__()
        self._mailer, self._secs, self._resolve = mailer, secs, resolve
        self._session: Session | None = None
        self._used_at = 0.0
        self._is_cut = threading.Event()

    def break_off(self) -> None:
        """Wait for the server no longer."""
        self._is_cut.set()

    def close(self) -> None:
        """Say goodbye."""
        if self._session:
            self._session.allow(BYE_SECS)
            with suppress(smtplib.SMTPException, OSError):
                self._session.quit()
            self._session.close()
            self._session = None

    def _sent(self, parcel: Parcel) -> Reply:
        began_at = time.monotonic()
        problem = requests.problem_of_mail(parcel.request)
        if problem:
            return Reply(parcel, Verdict.REFUSED, problem.message)
        to = requests.recipient_of(parcel.request["to"])
        assert to is not None
        try:
            written = mail.written(parcel, self._mailer, to)
        except mail.Unwritable as error:
            return Reply(parcel, Verdict.REFUSED, str(error))
        except Exception as error:  # it would fail so at each try
            logger.exception("A mail could not be written", extra={"delivery": str(parcel.id)})
            return failed(parcel, Verdict.REFUSED, error)
        try:
            verdict, said, code = self._try(to.address, written)
        except Exception as error:
            logger.exception("A mail could not be sent", extra={"delivery": str(parcel.id)})
            self._drop()
            return failed(parcel, Verdict.AGAIN, error)
        return Reply(parcel, verdict, said, int((time.monotonic() - began_at) * 1_000), code)

    def _try(self, recipient: str, written: bytes) -> tuple[Verdict, str, int | None]:
        host = self._mailer.host
        try:
            self._converse(recipient, written)
        except _Said as no:
            if no.code == CLOSING:
                self._drop()
            told = no.text.decode("utf-8", "replace").replace("\x00", "").strip()[:500]
            return verdicts.of_reply(no.code, no.stage), f"{host} said {no.code} {told}", no.code
        except NotSignedIn as error:
            verdict = Verdict.HOLD if error.code is None else verdicts.of_reply(error.code, Stage.SIGN_IN)
            return verdict, str(error), error.code
        except NotGreeted as error:
            verdict = Verdict.AGAIN if error.code is None else verdicts.of_reply(error.code, Stage.GREETING)
            return verdict, str(error), error.code
        except Forbidden as error:
            return Verdict.HOLD, str(error), None
        except EgressError as error:
            return Verdict.AGAIN, str(error), None
        except smtplib.SMTPNotSupportedError:
            return Verdict.REFUSED, f"{host} takes no addresses with letters beyond ASCII.", None
        except (smtplib.SMTPException, OSError):
            self._drop()
            return Verdict.AGAIN, f"{host} broke off, or took too long.", None
        return Verdict.DELIVERED, f"{host} took it.", 250

    def _converse(self, recipient: str, written: bytes) -> None:
        """Hand a mail over. Raises _Said where it is not taken, and what `mail_session.opened` and smtplib do."""
        session, is_new = self._opened()
        session.allow(self._secs)
        options = [] if recipient.isascii() else ["SMTPUTF8"]
        if options and not session.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError
        try:
            _expect(Stage.SENDER, *session.mail(self._mailer.from_address, options))
        except (smtplib.SMTPServerDisconnected, OSError):
            if is_new:
                raise
            self._drop()  # it went away while nothing was to be sent
            session, _ = self._opened()
            session.allow(self._secs)
            _expect(Stage.SENDER, *session.mail(self._mailer.from_address, options))
        self._used_at = time.monotonic()
        try:
            _expect(Stage.RECIPIENT, *session.docmd("RCPT", f"TO:<{recipient}>"))  # smtplib would read it anew
            _expect(Stage.CONTENT, *session.data(written))
        except smtplib.SMTPDataError as error:
            text = error.smtp_error
            self._reset(session)
            raise _Said(Stage.CONTENT, error.smtp_code, text if isinstance(text, bytes) else text.encode()) from None
        except _Said:
            self._reset(session)
            raise

    def _reset(self, session: Session) -> None:
        """Let nothing of a mail be left for the next one."""
        try:
            session.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _opened(self) -> tuple[Session, bool]:
        """Return the session, and whether it is new."""
        if self._session and time.monotonic() > self._used_at + IDLE_SECS:
            self.close()
        if self._session:
            return self._session, False
        self._session = mail_session.opened(self._mailer, secs=self._secs, resolve=self._resolve, is_cut=self._is_cut)
        self._session.ehlo_or_helo_if_needed()  # TLS has let it forget what the server can do
        return self._session, True

    def _drop(self) -> None:
        if self._session:
            self._session.close()
            self._session = None


def _expect(stage: Stage, code: int, text: bytes) -> None:
    if code not in TAKEN:
        raise _Said(stage, code, text)
