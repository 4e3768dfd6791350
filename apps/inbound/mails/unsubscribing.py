"""Who wants no more mail, of a mail to the address of unsubscribing."""

from typing import Final, NamedTuple

from apps.inbound.mails import headers, mail_reading, replies
from apps.inbound.mails.headers import ADDRESS
from apps.inbound.mails.mail_reading import Mail

# To whom it was delivered, the surest first.
_DELIVERED: Final = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To", "Cc")


class Wish(NamedTuple):
    """Who is meant, and by what that is known."""

    email: str
    by: str  # address, subject, text, sender
    tag: str  # what stands behind the + of the address, as it is


def read(mail: Mail) -> Wish | None:
    """Return who wants no more mail: by the address that the mail went to, its words, or its sender."""
    tag = ""
    for recipient in headers.addresses(mail.message, *_DELIVERED):
        _, plus, behind = recipient.email.partition("@")[0].partition("+")
        if not plus or not behind:
            continue
        tag = tag or behind
        if email := returned(behind):
            return Wish(email, "address", behind)
    for place, said in (("subject", headers.text(mail.message, "Subject")), ("text", _words(mail))):
        if email := _only_address(said):
            return Wish(email, place, tag)
    senders = headers.addresses(mail.message, "From", "Reply-To")
    return Wish(senders[0].email, "sender", tag) if senders else None


def returned(tag: str) -> str:
    """Return the address that stands in the tag of another (VERP): anna=shop.example is anna@shop.example."""
    local, equals, domain = tag.rpartition("=")
    return headers.address(f"{local.rpartition('+')[2]}@{domain}") if equals and "." in domain else ""


def _words(mail: Mail) -> str:
    return replies.own_text(mail_reading.text(mail))


def _only_address(text: str) -> str:
    """Return the address that a text names, where it is one alone."""
    found = {headers.address(each.strip(".,!?'")) for each in ADDRESS.findall(text)} - {""}
    return found.pop() if len(found) == 1 else ""
