"""What is read of mails: of good ones, of broken ones, and of those that were made to do harm."""

import json
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from apps.core import storable
from apps.core.typed_settings import read
from apps.inbound.mails import mail_keys, mail_messages, mail_reading
from apps.inbound.mails.mail_events import MODES, MOST_BYTES
from apps.inbound.mails.mail_folder import Fetched
from apps.inbound.mails.marks import Mark
from apps.inbound.mails.settings import FolderSettings
from apps.inbound.received import Received
from tests.inbound.mails.mails import mail, said

SECS = 5.0  # of work within which the worst mail is read, on a slow machine: what is quadratic takes minutes


def received(raw: bytes, **document: Any) -> list[Received]:
    settings = read(FolderSettings, document)
    is_whole = len(raw) <= settings.max_bytes
    fetched = Fetched(7, len(raw), datetime(2026, 12, 1, tzinfo=UTC), raw, is_whole=is_whole)
    return list(mail_messages.received(fetched, settings, Mark(1, 0)))


def whole() -> bytes:
    made = EmailMessage()
    made["From"] = "Åse <Ase@shop.example>"
    made["To"] = "shop@shop.example, Ben <ben@shop.example>"
    made["Cc"] = '"Doe, Jane" <jane@shop.example>'
    made["Subject"] = "Größe — «42»"
    made["Date"] = "Tue, 01 Dec 2026 09:00:00 +0100"
    made["Message-ID"] = "<1@shop.example>"
    made["List-Unsubscribe"] = "<mailto:leave@shop.example>"
    made.set_content("Grüße\n", charset="iso-8859-1")
    made.add_alternative("<p>Gr&uuml;&szlig;e</p>", subtype="html")
    made.add_attachment(b"%PDF" * 100, maintype="application", subtype="pdf", filename="Größe.pdf")
    return bytes(made)


def test_a_mail_is_told_with_its_people_its_text_and_its_attachments() -> None:
    found = said(mail_reading.read(whole()))

    assert found == {
        "email": "ase@shop.example",
        "name": "Åse",
        "message_id": "1@shop.example",
        "in_reply_to": "",
        "references": [],
        "subject": "Größe — «42»",
        "date": "2026-12-01T08:00:00+00:00",
        "from": [{"email": "ase@shop.example", "name": "Åse"}],
        "to": [{"email": "shop@shop.example", "name": ""}, {"email": "ben@shop.example", "name": "Ben"}],
        "cc": [{"email": "jane@shop.example", "name": "Doe, Jane"}],
        "reply_to": [],
        "list_unsubscribe": "<mailto:leave@shop.example>",
        "attachments": [{"name": "Größe.pdf", "type": "application/pdf", "size": 400}],
        "is_automatic": False,
        "is_whole": True,
        "text": "Grüße",
        "is_text_cut": False,
    }


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain", "Grüße".encode(), "Grüße"),
        ("text/plain", "Grüße".encode("latin-1"), "Grüße"),
        ("text/plain; charset=utf-8", "Grüße".encode("latin-1"), "Grüße"),
        ("text/plain; charset=no-such", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=\x00", b"a\x00b\x1bc", "abc"),
        ("text/html", b"<p>a<script>x</script><br>b&amp;c", "a\nb&c"),
        ("text/html", b"<title>x", ""),
        ("multipart/mixed", b"--x\r\n\r\nno boundary", ""),
        ("multipart/mixed; boundary=x", b"no part", ""),
        ("multipart/mixed; boundary=x", b"--x\r\n\r\nnever closed", "never closed"),
        ("message/rfc822", b"Subject: inner\r\n\r\ninner", ""),
        ("no type", b"a", "a"),
    ],
)
def test_a_text_is_read_whatever_charset_it_claims(content_type: str, body: bytes, text: str) -> None:
    raw = b"From: a@b.example\r\nContent-Type: " + content_type.encode() + b"\r\n\r\n" + body

    assert said(mail_reading.read(raw))["text"] == text


def test_an_address_that_stands_as_a_name_is_none() -> None:
    found = said(mail("From: anna@shop.example <ben@bad.example>", "To: undisclosed-recipients:;", "Cc: x, <y>, a@b@c"))

    assert (found["email"], found["name"]) == ("ben@bad.example", "anna@shop.example")
    assert (found["to"], found["cc"]) == ([], [])


def test_of_mails_that_are_too_large_the_headers_are_read() -> None:
    raw = b"From: a@b.example\r\nSubject: large\r\nMessage-ID: <1@b>\r\n\r\n" + b"x" * 1_500_000

    [found] = received(raw, max_size=1)

    body = json.loads(found.body)
    assert (body["subject"], body["text"], body["is_whole"]) == ("large", "", False)
    assert found.about["size"] == len(raw)


def test_only_mails_from_the_senders_are_wanted() -> None:
    senders = ["anna@shop.example", "@good.example"]

    skipped = [
        received(f"From: {sender}\r\n\r\n".encode(), senders=senders)[0].skipped != ""
        for sender in ("Anna@shop.example", "x@good.example", "x@very.good.example", "ben@shop.example", "")
    ]

    assert skipped == [False, False, True, True, True]


def nested(depth: int) -> bytes:
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return b"From: a@b.example\r\n" + parts + b"\r\ndeep\r\n" * 5_000


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no header": b"\r\n\r\nhello",
    "no line break": b"\xff" * 100_000,
    "NUL everywhere": b"From: a\x00@b.example\x00\r\nSubject: \x00x\r\n\r\n\x00" * 10,
    "10,000 parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 10_000,
    "10,000 attachments": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\nContent-Disposition: attachment; filename=a\r\n\r\na\r\n" * 10_000,
    "100 deep": nested(100),
    "50 deep": nested(50),
    "5,000 deep": nested(5_000),
    "mails in mails": b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
    "header injection": b"From: a@b.example\r\nSubject: =?utf-8?q?a=0D=0ABcc:_all?=\r\n\r\n",
    "a header of 5 MB": b"From: " + b"a@b.example, " * 400_000 + b"\r\n\r\n",
    "30,000 headers": b"X: y\r\n" * 30_000 + b"\r\n",
    "brackets": b"From: " + b"(" * 300_000 + b"\r\nTo: " + b"<" * 300_000 + b"\r\nReferences: " + b"<" * 300_000,
    "encoded words": b"Subject: " + b"=?utf-8?b?" * 30_000 + b"\r\n\r\n",
    "broken base64": b"Subject: =?utf-8?b?A?=\r\nContent-Transfer-Encoding: base64\r\n\r\nA",
    "broken uuencode": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n\xff\xff",
    "broken file name": b"Content-Type: text/plain; name*0*=no'x'%ff; name*a=b\r\n\r\na",
    "surrogates": "Subject: \\ud800 \\u12 \ud800\r\n\r\n\ud800".encode("utf-8", "surrogatepass"),
    "impossible dates": b"Date: Tue, 99 Dec 99999 99:99:99 +9999\r\n\r\n",
    "a year of -1": b"Date: 1 Jan 0001 00:00:00 +1400\r\n\r\n",
    "unclosed html": b"Content-Type: text/html\r\n\r\n" + b"<a" * 500_000,
    "comments of html": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 300_000,
    "quotations of html": b"Content-Type: text/html\r\n\r\n" + b"<blockquote>" * 300_000,
    "declarations of html": b"Content-Type: text/html\r\n\r\n" + b"<![x[" * 100_000,
    "attributes of html": b"Content-Type: text/html\r\n\r\n<a " + b"x='" * 100_000,
    "one line of answers": b"In-Reply-To: <1@b>\r\n\r\n" + b"On " * 300_000,
    "many lines of answers": b"In-Reply-To: <1@b>\r\n\r\n" + (b"On " * 90 + b"\r\n") * 3_000,
    "headers of answers": b"In-Reply-To: <1@b>\r\n\r\n" + b"From: a\r\n" * 30_000,
    "a report of thousands": b"From: MAILER-DAEMON@b\r\nContent-Type: message/delivery-status\r\n\r\n"
    + b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n" * 3_000,
    "punycode": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a\xff-" * 330_000,
    "a file in punycode": b"Content-Type: image/png; charset=punycode\r\n\r\n" + b"a\xff-" * 330_000,
    "idna": b"Content-Type: text/plain; charset=idna\r\n\r\n" + b"a.xn--a-" * 130_000,
    "words of punycode": b"Subject: =?punycode?q?" + b"a" * 1_000_000 + b"?=\r\n\r\n",
    "100,000 parameters": b"Content-Type: text/plain;" + b"; a*0*=" * 100_000 + b"\r\n\r\nx",
    "100,000 parameters of parts": b"Content-Type: multipart/mixed;" + b"; a*0*=" * 100_000 + b"\r\n\r\nx",
    "headers of the original": b"Content-Type: text/rfc822-headers\r\n\r\nContent-Type: a/b" + b"; a*0*=" * 100_000,
    "people in 1,000 headers": (b"To: " + b"a@b.example, " * 1_500 + b"\r\n") * 400 + b"\r\n",
    "spaces between people": (b"To: ," + b" " * 9_900 + b"@" + b" " * 9_900 + b"\r\n") * 100 + b"\r\n",
    "ids in 1,000 headers": (b"References: " + b"<a@b>" * 3_900 + b"\r\n") * 400 + b"\r\n",
    "200,000 servers": b"Received: from a by b; x\r\n" * 200_000 + b"\r\n",
    "nearly a boundary": b"Content-Type: multipart/mixed; boundary=xx\r\n\r\n--xx\r\n\r\n" + b"--xy\r\n" * 400_000,
    "500,000 parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\n\na\n" * 500_000,
    "a report of 200,000": b"Content-Type: message/delivery-status\r\n\r\n"
    + b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n" * 200_000,
    "3 MB": b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n" + (b"A" * 76 + b"\r\n") * 40_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_is_an_event_or_none_soon(name: str) -> None:
    for mode in MODES:
        began_at = time.process_time()

        found = received(HOSTILE[name], mode=mode)

        assert time.process_time() - began_at < SECS
        assert found[-1].position["uid"] == 7
        for each in found:
            assert not each.problem
            assert len(each.body) <= MOST_BYTES
            assert sum(map(len, each.headers.values())) < 50_000
            assert each.skipped or storable.refusal_in(json.loads(each.body), "") is None
            assert storable.refusal_in([each.headers, each.about], "") is None


def test_what_nobody_thought_of_is_set_aside_with_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_reading, "text", lambda _mail: 1 / 0)

    [found] = received(b"Subject: x\r\n\r\n")

    assert found.problem == "The mail cannot be read (ZeroDivisionError)."
    assert (found.body, found.position, found.handle) == (b"Subject: x\r\n\r\n", {"uidvalidity": 1, "uid": 7}, 7)
    assert found.key


def key(*lines: str, text: str = "Hello", mode: str = "received") -> str:
    made = mail(*lines, text=text)
    return mail_keys.key_of(made, mode=mode, size=len(made.raw))


USUAL = ("Message-ID: <1@b>", "Date: Tue, 1 Dec 2026 08:00:00 +0000", "From: a@b.example", "Subject: News")


def test_a_mail_is_known_again_by_what_its_sender_wrote() -> None:
    assert key(*USUAL) == key("Received: by another", *USUAL, "X-Spam: no", text="Hello\n")


@pytest.mark.parametrize(
    "other",
    [
        ("Message-ID: <2@b>", *USUAL[1:]),
        (USUAL[0], "Date: Tue, 1 Dec 2026 08:00:01 +0000", *USUAL[2:]),
        (*USUAL[:3], "Subject: Other news"),
        ("Resent-Message-ID: <3@b>", *USUAL),
    ],
)
def test_two_mails_may_have_the_same_id(other: tuple[str, ...]) -> None:
    assert key(*USUAL) != key(*other)


def test_mails_without_an_id_are_known_by_all_that_they_say() -> None:
    assert key(*USUAL[1:]) == key(*USUAL[1:])
    assert key(*USUAL[1:]) != key(*USUAL[1:], text="Hallo")
    assert key(*USUAL) != key(*USUAL, mode="reply")


def test_each_address_that_a_mail_bounced_from_has_a_key_and_only_the_last_moves_the_mark() -> None:
    raw = b"From: MAILER-DAEMON@b\r\nX-Failed-Recipients: a@b.example, c@d.example\r\n\r\n"

    first, last = received(raw, mode="bounce")

    assert first.key != last.key
    assert (first.position["uid"], last.position["uid"]) == (6, 7)
    assert (first.handle, last.handle) == (None, 7)
