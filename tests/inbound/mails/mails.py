"""Mails as servers and people send them."""

import json
from typing import Any

from apps.inbound.mails import mail_events, mail_reading
from apps.inbound.mails.mail_reading import Mail


def mail(*lines: str, text: str = "Hello") -> Mail:
    """Write a mail of headers and a text."""
    return mail_reading.read("\r\n".join([*lines, "", text]).encode())


def said(mail: Mail, mode: str = "received") -> dict[str, Any]:
    """Return what is said of a mail that becomes one event."""
    [found] = mail_events.describe(mail, mode)
    return dict(json.loads(found.body))


def all_said(mail: Mail, mode: str) -> list[dict[str, Any]]:
    """Return what is said of each event."""
    return [json.loads(found.body) for found in mail_events.describe(mail, mode)]


def notification(
    *groups: str, original: str = "Message-ID: <news-1@shop.example>\nSubject: News", as_headers: bool = False
) -> Mail:
    """Write a delivery status notification, as Postfix does."""
    kind = "text/rfc822-headers" if as_headers else "message/rfc822"
    reports = "\n\n".join(groups)
    text = f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.shop.example>
To: bounces@shop.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@mx.shop.example>
Date: Tue, 1 Dec 2026 08:00:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

This is a MIME-encapsulated message.

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.shop.example
Arrival-Date: Tue, 1 Dec 2026 07:59:58 +0000

{reports}

--b
Content-Type: {kind}

{original}
To: anna@shop.example

Hello Anna
--b--
"""
    return mail_reading.read(text.encode())
