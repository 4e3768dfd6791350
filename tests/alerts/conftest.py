"""Where notifications arrive: a mail server and a web server, both real ones of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_network
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.live import free_port
from tests.outside import Outside, outside


class Mailbox:
    """What a mail server has taken; `refusal` is what it says instead, and `offered` all that came."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.offered: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refusal = ""
        self.port = free_port()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        refusal = self.refusal  # now: whoever sees what was offered may let others in
        self.offered.append(mail)
        if refusal:
            return refusal
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@contextmanager
def mail_server(box: Mailbox) -> Iterator[None]:
    """Run a mail server that puts all into a mailbox."""
    controller = Controller(box, hostname="127.0.0.1", port=box.port, ready_timeout=60)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server that EMAIL_URL names."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    box = Mailbox()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
    settings.DEFAULT_FROM_EMAIL = "Platform <cdp@shop.example>"
    with mail_server(box):
        yield box


@pytest.fixture
def server(settings: Any) -> Iterator[Outside]:
    """A web server that requests may reach."""
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with outside() as running:
        yield running
