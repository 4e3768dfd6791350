"""Mail goes through one session, and each server's no is about what it is about."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from apps.bridges.kinds.smtp import SmtpSettings
from apps.bridges.mail_session import Session
from apps.bridges.transport import Parcel, Reply
from apps.bridges.transport import mail as mail_module
from apps.bridges.transport.smtp import SmtpTransport
from apps.bridges.verdicts import Verdict
from tests.bridges.conftest import HOST
from tests.factories import NOON


@dataclass
class Box:
    """What takes mail; `no` is what it says to some of it, by the command."""

    no: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[list[str], bytes]] = field(default_factory=list)
    n_sessions: int = 0
    port: int = 0

    async def handle_EHLO(self, server: Any, session: Any, _envelope: Any, hostname: str, said: list[str]) -> list[str]:
        self.n_sessions += 1
        session.host_name = hostname
        return said

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "MAIL" in self.no:
            return self.no["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.no:
            return self.no[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" in self.no:
            return self.no["DATA"]
        self.taken.append((list(envelope.rcpt_tos), envelope.content))
        if "BYE" in self.no:
            session.peer_gone = True
            server.transport.close()
        return "250 OK"

    def mail(self, number: int = 0) -> Message:
        return message_from_bytes(self.taken[number][1])


StartBox = Callable[..., Box]


@pytest.fixture
def box() -> Iterator[StartBox]:
    class OnePort(Controller):
        def factory(self) -> SMTP:
            return SMTP(self.handler, enable_SMTPUTF8=self.options["utf8"])

        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
            super()._trigger_server()

    with ExitStack() as stack:

        def start(*, utf8: bool = False, **no: str) -> Box:
            made = Box(no)
            controller = OnePort(made, hostname="127.0.0.1", port=0)
            controller.options = {"utf8": utf8}  # type: ignore[attr-defined]
            controller.start()
            stack.callback(controller.stop)
            made.port = controller.port
            return made

        yield start


@pytest.fixture
def opened() -> Iterator[Callable[..., SmtpTransport]]:
    made = []

    def open_(port: int, **changed: Any) -> SmtpTransport:
        values: dict[str, Any] = {
            "host": HOST,
            "port": port,
            "security": "none",
            "sign_in": "none",
            "user": "",
            "password": "",
            "from_address": "shop@shop.example",
            "from_name": "Grüße GmbH",
            "reply_to": "help@shop.example",
            **changed,
        }
        transport = SmtpTransport(SmtpSettings(**values), secs=15.0)
        made.append(transport)
        return transport

    yield open_
    for transport in made:
        transport.close()


def parcel(number: int = 0, **changed: Any) -> Parcel:
    request = {"to": "Anna Example <anna@example.com>", "subject": "Grüße", "text": "Hello", **changed}
    return Parcel(number, f"key-{number}", NOON, request)


def ask(transport: SmtpTransport, *parcels: Parcel) -> list[Reply]:
    found: list[Reply] = []
    for each in parcels:
        assert transport.has_room
        transport.send(each)
        assert not transport.has_room
        found += transport.replies(secs=1)
    return found


def test_a_mail_arrives_as_it_was_written(box: StartBox, opened: Any) -> None:
    server = box()
    headers = {"List-Unsubscribe": "<https://shop.example/u?1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}

    [reply] = ask(opened(server.port), parcel(html="<p>Grüße</p>", headers=headers))

    assert (reply.verdict, reply.status) == (Verdict.DELIVERED, 250)
    assert server.taken[0][0] == ["anna@example.com"]
    mail = server.mail()
    assert mail["To"] == "Anna Example <anna@example.com>"
    assert "shop@shop.example" in mail["From"]
    assert mail["Reply-To"] == "help@shop.example"
    assert mail["List-Unsubscribe"] == "<https://shop.example/u?1>"
    assert mail["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    *_, html = mail.walk()
    assert html.get_payload(decode=True) == "<p>Grüße</p>\r\n".encode()


@pytest.mark.parametrize("length", [0, 40, 60, 200, 850])
def test_an_address_in_a_header_stays_whole_however_long_it_is(length: int, box: StartBox, opened: Any) -> None:
    server, address = box(), f"<https://shop.example/leave?id={'7' * length}>"
    long_name = f"shop@{'shop.' * 20}example"

    ask(opened(server.port, from_address=long_name), parcel(headers={"List-Unsubscribe": address}))

    lines = server.taken[0][1].decode().split("\r\n")
    assert f"List-Unsubscribe: {address}" in lines
    assert server.mail()["Message-ID"].endswith(f"@{'shop.' * 20}example>")


def test_a_mail_is_the_same_letter_by_letter_at_each_try_and_another_one_is_not(box: StartBox, opened: Any) -> None:
    server = box()
    for number in (0, 0, 1):
        ask(opened(server.port), parcel(number, html="<p>Hello</p>"))

    first, again, _ = (content for _, content in server.taken)
    assert first == again
    assert server.mail(0)["Message-ID"] == server.mail(1)["Message-ID"] != server.mail(2)["Message-ID"]
    assert server.mail(0)["Message-ID"].endswith("@shop.example>")


def test_one_session_carries_many_mails(box: StartBox, opened: Any) -> None:
    server = box()

    replies = ask(opened(server.port), *(parcel(number) for number in range(20)))

    assert [reply.verdict for reply in replies] == [Verdict.DELIVERED] * 20
    assert server.n_sessions == 1


def test_a_recipient_that_is_refused_is_refused_alone(box: StartBox, opened: Any) -> None:
    server = box(**{"nobody@example.com": "550 No such user here", "full@example.com": "452 Mailbox full"})

    replies = ask(opened(server.port), parcel(0, to="nobody@example.com"), parcel(1, to="full@example.com"), parcel(2))

    assert [reply.verdict for reply in replies] == [Verdict.REFUSED, Verdict.AGAIN, Verdict.DELIVERED]
    assert replies[0].said == f"{HOST} said 550 No such user here"
    assert [to for to, _ in server.taken] == [["anna@example.com"]]


@pytest.mark.parametrize(
    ("command", "said", "verdict"),
    [
        ("MAIL", "530 Sign in first", Verdict.HOLD),
        ("MAIL", "550 We do not know you", Verdict.HOLD),
        ("MAIL", "451 Come back", Verdict.AGAIN),
        ("DATA", "554 That is spam", Verdict.REFUSED),
        ("DATA", "451 Come back", Verdict.AGAIN),
    ],
)
def test_what_a_server_says_to_a_mail(command: str, said: str, verdict: Verdict, box: StartBox, opened: Any) -> None:
    server = box(**{command: said})

    replies = ask(opened(server.port), parcel(0), parcel(1))

    assert [reply.verdict for reply in replies] == [verdict] * 2
    assert {reply.said for reply in replies} == {f"{HOST} said {said}"}


def test_a_session_that_is_gone_is_opened_anew(box: StartBox, opened: Any) -> None:
    server = box(BYE="")
    transport = opened(server.port)
    ask(transport, parcel(0))
    del server.no["BYE"]

    [reply] = ask(transport, parcel(1))

    assert reply.verdict is Verdict.DELIVERED
    assert server.n_sessions == 2


def test_who_breaks_off_in_the_middle_is_asked_again_later(opened: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            client, _ = listener.accept()
            with client:
                client.sendall(b"220 hello\r\n")
                client.recv(1_000)
                client.sendall(b"250 hook.example\r\n")
                client.recv(1_000)

        threading.Thread(target=talk, daemon=True).start()
        [reply] = ask(opened(listener.getsockname()[1]), parcel())

    assert (reply.verdict, reply.said) == (Verdict.AGAIN, f"{HOST} broke off, or took too long.")


def test_a_wrong_password_is_said_and_not_what_it_was(mail_server: Any, trusted: None, opened: Any) -> None:
    port = mail_server()
    options = {"security": "starttls", "sign_in": "password", "user": "anna"}

    [reply] = ask(opened(port, password="open barley", **options), parcel())

    assert (reply.verdict, reply.status) == (Verdict.HOLD, 535)
    assert "barley" not in reply.said
    [right] = ask(opened(port, password="open sesame", **options), parcel())
    assert right.verdict is Verdict.DELIVERED


@pytest.mark.parametrize("reason", ["private", "unknown", "nobody"])
def test_a_server_that_cannot_be_reached(reason: str, opened: Any, settings: Any, box: StartBox) -> None:
    port = box().port if reason == "private" else 1
    transport = opened(port, **({"host": "nowhere.example"} if reason == "unknown" else {}))
    if reason == "private":
        settings.EGRESS_ALLOWED_NETWORKS = []

    [reply] = ask(transport, parcel())

    assert reply.verdict is (Verdict.HOLD if reason == "private" else Verdict.AGAIN)


def test_names_of_hosts_go_in_ascii_and_other_letters_only_where_they_are_taken(box: StartBox, opened: Any) -> None:
    plain, modern = box(), box(utf8=True)

    [domain] = ask(opened(plain.port), parcel(to="anna@münchen.example"))
    [refused] = ask(opened(plain.port), parcel(to="änna@example.com"))
    [taken] = ask(opened(modern.port), parcel(to="änna@example.com"))

    assert (domain.verdict, plain.taken[0][0]) == (Verdict.DELIVERED, ["anna@xn--mnchen-3ya.example"])
    assert (refused.verdict, len(plain.taken)) == (Verdict.REFUSED, 1)
    assert (taken.verdict, modern.taken[0][0]) == (Verdict.DELIVERED, ["änna@example.com"])


def test_a_mail_that_would_say_more_is_refused_and_not_sent(box: StartBox, opened: Any) -> None:
    server = box()

    replies = ask(
        opened(server.port),
        parcel(0, to="anna@example.com\r\nRCPT TO:<ben@example.com>"),
        parcel(1, subject="Hello\r\nBcc: ben@example.com"),
        parcel(2, headers={"X-Shop": "1\r\nBcc: ben@example.com"}),
    )

    assert [reply.verdict for reply in replies] == [Verdict.REFUSED] * 3
    assert server.taken == []


def test_lines_of_a_dot_do_not_end_a_mail(box: StartBox, opened: Any) -> None:
    server = box()

    ask(opened(server.port), parcel(text="One\r\n.\r\nMAIL FROM:<ben@example.com>\r\n"))

    [(_, content)] = server.taken
    assert b"MAIL FROM:<ben@example.com>" in content


def test_no_encoded_word_of_a_value_adds_a_header_or_a_body(box: StartBox, opened: Any) -> None:
    server, hidden = box(), "=?utf-8?q?=0D=0ABcc=3A_evil=40x.de=0D=0A=0D=0A=3Ch1=3Elocked=3C/h1=3E?="

    ask(
        opened(server.port, from_name=hidden),
        parcel(to=f"{hidden} <anna@example.com>", subject=f"Hi {hidden}", headers={"X-Shop": hidden}),
    )

    mail = server.mail()
    assert (mail["Bcc"], mail.get_payload()) == (None, "Hello\r\n")
    assert b"locked" not in server.taken[0][1]


def test_a_fault_of_ours_is_that_of_one_mail_and_says_of_what_kind(
    box: StartBox, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = box()
    transport, really = opened(server.port), mail_module.written

    def fail(parcel: Parcel, *args: Any) -> bytes:
        if parcel.id == 0:
            raise TypeError
        return really(parcel, *args)

    monkeypatch.setattr(mail_module, "written", fail)
    replies = ask(transport, parcel(0), parcel(1))
    with monkeypatch.context() as broken:
        broken.setattr(Session, "docmd", lambda *_args: {}["no"])
        replies += ask(transport, parcel(2))
    monkeypatch.setattr(mail_module, "written", really)
    replies += ask(transport, parcel(3))

    assert [reply.verdict for reply in replies] == [
        Verdict.REFUSED,
        Verdict.DELIVERED,
        Verdict.AGAIN,
        Verdict.DELIVERED,
    ]
    assert "TypeError" in replies[0].said
    assert "KeyError" in replies[2].said
