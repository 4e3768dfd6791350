"""Systems that connections lead to: real ones on this machine, under the name that their certificate has."""

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from apps.bridges.lanes.dispatcher import Dispatcher
from tests.outside import Outside, outside

HOST = "hook.example"
CERTIFICATE = Path(__file__).parent.parent / "core" / "hook.pem"  # of that name, trusted by nobody


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Let hook.example be this machine, and no other name be known."""
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    really = socket.getaddrinfo

    def found(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host not in (HOST, "127.0.0.1", "localhost"):
            raise socket.gaierror(f"{host} is not known")
        return really("127.0.0.1", port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.fixture
def serve(transactional_db: None) -> Callable[..., None]:
    """Send what is due, as a worker does, until nothing was for a moment, or it is told to stop."""

    def served(*, secs: float = 60.0, idle_secs: float = 0.5, is_stopping: Callable[[], bool] = lambda: False) -> None:
        serving = Dispatcher()
        try:
            serving.serve(secs=secs, idle_secs=idle_secs, is_stopping=is_stopping, is_relieved=lambda: False)
        finally:
            serving.close()

    return served


@pytest.fixture
def system() -> Iterator[Outside]:
    """A system that speaks HTTP."""
    with outside() as running:
        yield running


@pytest.fixture
def secure_system() -> Iterator[Outside]:
    """A system that speaks HTTP by TLS."""
    with outside(certificate=CERTIFICATE) as running:
        yield running


class Mailbox:
    """What takes mail: from senders of one domain alone."""

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if not address.endswith("@shop.example"):
            return "550 Not yours"
        envelope.mail_from = address
        return "250 OK"


StartMail = Callable[..., int]


@pytest.fixture
def mail_server() -> Iterator[StartMail]:
    """Start mail servers that let `anna` in by `open sesame`; returns the port."""

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        is_anna = isinstance(data, LoginPassword) and (data.login, data.password) == (b"anna", b"open sesame")
        return AuthResult(success=is_anna, handled=False)

    class OnePort(Controller):
        def __init__(self, **options: Any) -> None:
            self.options = options
            super().__init__(Mailbox(), hostname="127.0.0.1", port=0, ssl_context=options.pop("ssl_context", None))

        def factory(self) -> SMTP:
            with warnings.catch_warnings():  # that passwords may be overheard
                warnings.simplefilter("ignore")
                return SMTP(self.handler, **self.options)

        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
            super()._trigger_server()

    with ExitStack() as stack:

        def start(*, tls: str = "starttls", has_auth: bool = True) -> int:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            options: dict[str, Any] = {"authenticator": authenticate, "auth_required": has_auth} if has_auth else {}
            if tls == "starttls":
                options |= {"tls_context": context}
            if tls == "tls":
                options |= {"ssl_context": context, "auth_require_tls": False}
            controller = OnePort(**options)
            controller.start()
            stack.callback(controller.stop)
            return int(controller.port)

        yield start
