"""Which addresses did not get a mail: what is surely a bounce, and what is none."""

import pytest

from apps.inbound.mails import mail_reading
from apps.inbound.mails.mail_events import NotOfMode
from apps.inbound.mails.mail_reading import Mail
from tests.inbound.mails.mails import all_said, mail, notification, said

HARD = """\
Final-Recipient: rfc822; Anna@shop.example
Original-Recipient: rfc822;anna@shop.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 550 5.1.1 <anna@shop.example>: Recipient address
    rejected: User unknown"""


def test_a_notification_says_who_why_and_of_which_mail() -> None:
    found = said(notification(HARD), "bounce")

    expected = {
        "email": "anna@shop.example",
        "kind": "hard",
        "action": "failed",
        "status": "5.1.1",
        "reason": "550 5.1.1 <anna@shop.example>: Recipient address rejected: User unknown",
        "final_recipient": "anna@shop.example",
        "reporting_mta": "mx.shop.example",
        "remote_mta": "mail.example.net",
        "original": {"message_id": "news-1@shop.example", "subject": "News", "to": ["anna@shop.example"]},
        "message_id": "bounce-1@mx.shop.example",
        "is_automatic": True,
    }
    assert {name: found[name] for name in expected} == expected


def test_the_headers_of_the_mail_are_enough() -> None:
    found = said(notification(HARD, as_headers=True), "bounce")

    assert found["original"] == {"message_id": "news-1@shop.example", "subject": "News", "to": ["anna@shop.example"]}


@pytest.mark.parametrize(
    ("fields", "kind", "status"),
    [
        ("Action: failed\nStatus: 5.2.2", "hard", "5.2.2"),
        ("Action: failed\nStatus: 4.4.1 (no route)", "soft", "4.4.1"),
        ("Action: delayed\nStatus: 4.4.7", "soft", "4.4.7"),
        ("Action: FAILED\nDiagnostic-Code: smtp; 554 5.7.1 Spam", "hard", "5.7.1"),
        ("Action: failed", "unknown", ""),
    ],
)
def test_another_try_is_of_use_where_the_status_says_so(fields: str, kind: str, status: str) -> None:
    found = said(notification(f"Final-Recipient: rfc822; anna@shop.example\n{fields}"), "bounce")

    assert (found["kind"], found["status"]) == (kind, status)


def test_each_recipient_is_an_event_and_who_was_reached_is_none() -> None:
    groups = (
        HARD,
        "Final-Recipient: rfc822; ben@shop.example\nAction: delivered\nStatus: 2.0.0",
        "Original-Recipient: rfc822;carla+2Bnews@shop.example\nFinal-Recipient: rfc822; box7@isp.example\n"
        "Action: failed\nStatus: 4.2.2",
        "Final-Recipient: rfc822; no address\nAction: failed\nStatus: 5.1.3",
    )

    found = all_said(notification(*groups), "bounce")

    assert [(each["email"], each["kind"]) for each in found] == [
        ("anna@shop.example", "hard"),
        ("carla+news@shop.example", "soft"),
    ]
    assert found[1]["final_recipient"] == "box7@isp.example"


def test_old_servers_say_it_in_a_header_or_a_letter() -> None:
    exim = mail(
        "From: Mail Delivery System <Mailer-Daemon@mx.example>",
        "X-Failed-Recipients: anna@shop.example, ben@shop.example",
        text="A message that you sent could not be delivered.\n  550 5.1.1 No such user",
    )
    qmail = mail(
        "Return-Path: <>",
        "From: MAILER-DAEMON@old.example",
        "Subject: failure notice",
        text="Hi. This is the qmail-send program at old.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
        "<anna@shop.example>:\n550 Requested action not taken: mailbox unavailable\n\n--- Below this line is a copy\n\n"
        "<ben@shop.example>\n",
    )

    assert [each["email"] for each in all_said(exim, "bounce")] == ["anna@shop.example", "ben@shop.example"]
    found = said(qmail, "bounce")
    assert (found["email"], found["kind"], found["status"]) == ("anna@shop.example", "hard", "5.0.0")
    assert found["reason"] == "550 Requested action not taken: mailbox unavailable"


@pytest.mark.parametrize(
    "other",
    [
        mail("From: anna@shop.example", "Subject: Undelivered Mail Returned to Sender", text="550 5.1.1 No such user"),
        mail("From: anna@shop.example", "X-Failed-Recipients: ben@shop.example"),
        mail("From: MAILER-DAEMON@shop.example", "Subject: Warning", text="Your mailbox is full."),
        mail("From: anna@shop.example", "Auto-Submitted: auto-replied", "Subject: Out of office"),
        notification("Final-Recipient: rfc822; anna@shop.example\nAction: delivered\nStatus: 2.0.0"),
        notification("Action: failed\nStatus: 5.0.0"),
        mail_reading.read(b"Content-Type: message/delivery-status\r\n\r\n"),
    ],
)
def test_what_is_not_surely_a_bounce_is_none(other: Mail) -> None:
    with pytest.raises(NotOfMode, match="It is no bounce"):
        all_said(other, "bounce")
