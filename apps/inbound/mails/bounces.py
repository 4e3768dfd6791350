"""Which addresses a mail did not reach: by its delivery status notification (RFC 3464), or as old servers say it.

What is not surely a bounce is none: somebody would be written to no more who could be.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from typing import Any, Final

from apps.inbound.mails import headers, mail_parts, mail_reading
from apps.inbound.mails.mail_parts import Part
from apps.inbound.mails.mail_reading import Mail

MAX_RECIPIENTS: Final = 100  # of one notification
MAX_GROUPS: Final = 1_000  # that are looked at
MAX_REASON: Final = 1_000  # characters
BOUNCED: Final = frozenset({"failed", "delayed"})
_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE: Final = re.compile(r"\b([45]\d\d)[ -]")
_QMAIL: Final = re.compile(r"^(?:Hi\. This is the |Hi\. This is )", re.MULTILINE)
_QMAIL_FAILED: Final = re.compile(r"<([^<>\s]{3,254})>:\s*")
_SYSTEM: Final = re.compile(r"(?:mailer-daemon|postmaster)@")


@dataclass(frozen=True, slots=True)
class Bounce:
    """An address that a mail did not reach, or not yet."""

    email: str  # as the sender wrote it, where that is told
    final: str  # where it was to be delivered in the end
    action: str  # failed, delayed
    status: str  # 5.1.1; empty where it is not told
    reason: str  # what the other server said
    reporting_mta: str
    remote_mta: str

    @property
    def kind(self) -> str:
        """Tell whether another try is of use: hard where it is not, soft where it may be."""
        if self.action == "delayed" or self.status.startswith("4"):
            return "soft"
        return "hard" if self.status.startswith("5") else "unknown"


def read(mail: Mail) -> list[Bounce]:
    """Return the addresses that a mail could not be delivered to; none where it is no bounce."""
    found = list(_of_notification(mail)) or list(_of_old_servers(mail))
    return list({bounce.email: bounce for bounce in found[:MAX_RECIPIENTS]}.values())


def is_notification(mail: Mail) -> bool:
    """Tell whether a mail reports of the delivery of another, whatever became of it."""
    return _report(mail) is not None


def original(mail: Mail) -> dict[str, Any]:
    """Return what is known of the mail that did not arrive."""
    found = _original(mail)
    if found is None:
        return {"message_id": "", "subject": "", "to": []}
    to = [address.email for address in headers.addresses(found, "To", "Cc")]
    return {"message_id": headers.message_id(found), "subject": headers.text(found, "Subject"), "to": to}


def _report(mail: Mail) -> Part | None:
    return next(
        (part for part in mail_reading.parts(mail) if part.get_content_type() == "message/delivery-status"), None
    )


def _of_notification(mail: Mail) -> Iterator[Bounce]:
    report = _report(mail)
    inner = report.get_payload() if report is not None else None
    groups = [group for group in inner if isinstance(group, Part)] if isinstance(inner, list) else []
    if not groups:
        return
    reporting = _typed(headers.raw(groups[0], "Reporting-MTA"))
    for group in groups[:MAX_GROUPS]:
        action = headers.raw(group, "Action").lower()
        final = headers.address(_typed(headers.raw(group, "Final-Recipient")))
        email = headers.address(_unpacked(_typed(headers.raw(group, "Original-Recipient")))) or final
        if action not in BOUNCED or not email:
            continue
        reason = headers.readable(_typed(headers.raw(group, "Diagnostic-Code")), most=MAX_REASON)
        status = _status(headers.raw(group, "Status")) or _status(reason)
        remote = _typed(headers.raw(group, "Remote-MTA"))
        yield Bounce(email, final, action, status, reason, headers.readable(reporting), headers.readable(remote))


def _of_old_servers(mail: Mail) -> Iterator[Bounce]:
    """Recognise those that surely are bounces: Exim's header, qmail's letter, both from a system."""
    if not _is_of_a_system(mail):
        return
    said = mail_reading.text(mail)[: mail_reading.MAX_TEXT]
    failed = {address.email: said for address in headers.addresses(mail.message, "X-Failed-Recipients")}
    if not failed and _QMAIL.match(said):
        failed = _of_qmail(said)
    for email, reason in failed.items():
        if email:
            told = " ".join(reason.split())
            yield Bounce(email, email, "failed", _status(told) or _status_of_code(told), told[:MAX_REASON], "", "")


def _of_qmail(letter: str) -> dict[str, str]:
    """Read the paragraphs of a letter: an address in brackets, and below it why."""
    failed: dict[str, str] = {}
    for paragraph in letter.split("\n\n"):
        first, _, reason = paragraph.strip().partition("\n")
        if found := _QMAIL_FAILED.fullmatch(first):
            failed[headers.address(found[1])] = reason
    return failed


def _is_of_a_system(mail: Mail) -> bool:
    senders = headers.addresses(mail.message, "From")
    is_returned = headers.raw(mail.message, "Return-Path") == "<>"
    return is_returned or any(_SYSTEM.match(sender.email) for sender in senders)


def _original(mail: Mail) -> Part | None:
    for part in mail_reading.parts(mail):
        inner = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(inner, list) and inner:
            return inner[0] if isinstance(inner[0], Part) else None
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            parser = Parser(policy=mail_parts.POLICY)
            found: Part = parser.parsestr(mail_reading.text_of_part(part), headersonly=True)
            return found
    return None


def _typed(field: str) -> str:
    """Return the value of a field that begins with its type: rfc822; anna@shop.example."""
    kind, semicolon, value = field.partition(";")
    return value.strip() if semicolon else kind.strip()


def _unpacked(text: str) -> str:
    """Unpack what was packed by RFC 3461: anna+2Bnews@shop.example."""
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


def _status(text: str) -> str:
    found = _STATUS.search(text)
    return found[0] if found else ""


def _status_of_code(text: str) -> str:
    """Return the class of a reply of SMTP, where it is all that is told: 550 is 5.0.0."""
    found = _CODE.search(text)
    return f"{found[1][0]}.0.0" if found else ""
