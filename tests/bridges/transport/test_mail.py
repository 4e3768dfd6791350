"""What a value says stays in its place: no text adds a header, a recipient or a body, and all of it arrives."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.bridges import requests
from apps.bridges.transport import Parcel, mail
from tests.factories import NOON

INJECTION = "=?utf-8?q?=0D=0ABcc=3A_evil=40x.de=0D=0A=0D=0A=3Ch1=3EYour_account_is_locked=3C/h1=3E?="


@dataclass
class Shop:
    from_name: str = "Grüße GmbH"
    from_address: str = "shop@shop.example"
    reply_to: str = "help@shop.example"


ODD = ["=?utf-8?q?=0D=0A?=", "=?", "?=", "\u2028", "\x85", "\x00", "\ud800", "\r\n", "\n", "\r", " ", "\t", '"', "\\"]
texts = st.lists(
    st.one_of(st.sampled_from([*ODD, INJECTION, "ä", "a" * 200, "Bcc: x@y.de", ".", ",", "<x@y.de>"]), st.text()),
    max_size=8,
).map("".join)


def one_line(text: str) -> str:
    return " ".join(filter(None, text.split(" ")))


def lines_of(body: str) -> str:
    return "".join(f"{line}\r\n" for line in re.split("\r\n|\r|\n", re.sub("(\r\n|\r|\n)$", "", body)))


def shown(parsed: Message, name: str) -> str:
    """Read a header as mail programs do."""
    return str(make_header(decode_header(re.sub("\r\n(?= )", "", parsed[name]))))


def written(request: dict[str, Any], sender: Shop | None = None) -> bytes:
    to = requests.recipient_of(request["to"])
    assert to is not None
    return mail.written(Parcel(1, "key", NOON, request), sender or Shop(), to)


def body_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


@settings(max_examples=60)
@given(subject=texts, name=texts, from_name=texts, value=texts, text=texts, html=texts)
@example(INJECTION, INJECTION, INJECTION, INJECTION, INJECTION, INJECTION)
@example("a" * 2_000, "a" * 2_000, "a" * 2_000, "a" * 880, "a" * 2_000, "\x00")
def test_what_is_written_is_read_again_and_nothing_else(
    subject: str, name: str, from_name: str, value: str, text: str, html: str
) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    request = {
        "to": f'"{quoted}" <anna@example.com>',
        "subject": subject,
        "text": text,
        "html": html,
        "headers": {"X-Odd": value},
    }
    sender = Shop(from_name.replace("\ud800", ""))
    if requests.problem_of_mail(request):
        assert any(re.search("[\x00-\x1f\x7f\ud800-\udfff]", each) for each in (subject, name, value, text, html)) or (
            not text and not html
        )
        return

    content = written(request, sender)
    parsed = message_from_bytes(content)

    ours = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "X-Odd"]
    assert [each for each in parsed if each in ours] == ours
    more = {each for each in parsed if each not in ours}
    assert more <= {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
    assert parsed.defects == []
    assert (shown(parsed, "Subject"), shown(parsed, "X-Odd")) == (one_line(subject), one_line(value))
    for header, address in (("To", "anna@example.com"), ("From", "shop@shop.example")):
        [(_, found)] = getaddresses([parsed[header]])
        assert found == address
    leaves = [part for part in parsed.walk() if not part.is_multipart()]
    assert [body_of(part) for part in leaves] == [lines_of(each) for each in (text, html) if each]
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


def test_an_encoded_word_in_a_value_is_text() -> None:
    content = written({"to": f"{INJECTION} <anna@example.com>", "subject": f"Hi {INJECTION}", "text": "Hello"})

    parsed = message_from_bytes(content)
    assert parsed["Bcc"] is None
    assert shown(parsed, "Subject") == f"Hi {INJECTION}"
    assert b"\r\nBcc" not in content
    assert b"locked" not in content


def test_a_body_that_knows_what_divides_a_mail_divides_nothing() -> None:
    request = {"to": "anna@example.com", "text": "Hello", "html": "<p>Hello</p>"}
    boundary = message_from_bytes(written(request)).get_boundary()

    parsed = message_from_bytes(written({**request, "text": f"Hello\r\n--{boundary}--\r\n"}))

    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_what_would_say_more_is_not_written_whoever_wrote_it() -> None:
    request = {"to": "anna@example.com", "text": "Hello", "headers": {"X-Shop": "1"}}

    with pytest.raises(mail.Unwritable):
        written(request, Shop(from_address="shop@shop.example>\r\nBcc: <evil@x.de"))


@pytest.mark.parametrize(
    "to",
    [
        " :<a@b.de>",
        "\u2028-:<a@b.de>",
        '"a@b.de',
        "a@b.de (Anna)",
        "a@b.de, c@d.de",
        "\ud800<a@b.de>",
        "a\u2028@b.de",
        f"a@{'ä' * 63}.de",
    ],
)
def test_what_is_no_recipient_is_none(to: str) -> None:
    assert requests.recipient_of(to) is None


@pytest.mark.parametrize(
    ("to", "name", "address"),
    [
        ("..<a@b.de>", "..", "a@b.de"),
        ('"Example, \\"Anna\\"" <a@b.de>', 'Example, "Anna"', "a@b.de"),
        ("Anna <a..b@münchen.example>", "Anna", "a..b@xn--mnchen-3ya.example"),
    ],
)
def test_the_recipient_that_was_checked_is_the_one_that_is_spoken(to: str, name: str, address: str) -> None:
    assert requests.recipient_of(to) == requests.Recipient(name, address)
