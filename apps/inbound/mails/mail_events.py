"""A mail as JSON: what events are made of it, by what a mailbox is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.core import storable
from apps.inbound.mails import bounces, headers, mail_reading, replies, unsubscribing
from apps.inbound.mails.mail_reading import Mail

MODES: Final = {
    "received": "Mails of people",
    "reply": "Answers to our mails",
    "bounce": "Mails that came back",
    "unsubscribe": "Wishes to get no more",
}
EVENTS: Final = {
    "received": "mail-received",
    "reply": "mail-replied",
    "bounce": "mail-bounced",
    "unsubscribe": "mail-unsubscribed",
}
MOST_BYTES: Final = 100_000  # of the JSON of a mail: events have a bound, too


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a mail, or of one of the addresses that it bounced from."""

    body: bytes
    name: str = ""  # tells it from others of the same mail


class NotOfMode(Exception):
    """A mail is not what the mailbox is read for; the message says why."""


def describe(mail: Mail, mode: str) -> list[Described]:
    """Return what is said of a mail: one for each event. Raises NotOfMode."""
    return list(_DESCRIBES[mode](mail))


def _received(mail: Mail) -> Iterator[Described]:
    about = _common(mail)
    yield _dumped({**_person(mail, about), **about, **_text(mail)})


def _reply(mail: Mail) -> Iterator[Described]:
    answered = replies.answered(mail)
    if not answered:
        raise NotOfMode("It answers no mail.")
    if bounces.is_notification(mail):
        raise NotOfMode("It reports of a delivery.")
    about, said = _common(mail), _text(mail)
    own = replies.own_text(said["text"])
    yield _dumped({**_person(mail, about), **about, **said, "answers": answered[0], "reply": own})


def _bounce(mail: Mail) -> Iterator[Described]:
    found = bounces.read(mail)
    if not found:
        raise NotOfMode("It is no bounce.")
    about = {**_common(mail), "original": bounces.original(mail)}
    for bounce in found:
        yield _dumped(
            {
                "email": bounce.email,
                "kind": bounce.kind,
                "action": bounce.action,
                "status": bounce.status,
                "reason": bounce.reason,
                "final_recipient": bounce.final,
                "reporting_mta": bounce.reporting_mta,
                "remote_mta": bounce.remote_mta,
                **about,
            },
            name=bounce.email,
        )


def _unsubscribe(mail: Mail) -> Iterator[Described]:
    if bounces.read(mail) or bounces.is_notification(mail):
        raise NotOfMode("It reports of a delivery.")
    if replies.is_automatic(mail):
        raise NotOfMode("A machine wrote it.")
    wish = unsubscribing.read(mail)
    if wish is None:
        raise NotOfMode("It does not say who is meant.")
    yield _dumped({"email": wish.email, "by": wish.by, "tag": wish.tag, **_common(mail), **_text(mail)})


_DESCRIBES: Final = {"received": _received, "reply": _reply, "bounce": _bounce, "unsubscribe": _unsubscribe}


def _person(mail: Mail, about: Mapping[str, Any]) -> dict[str, str]:
    return next(iter(about["from"] or _people(mail, "Sender")), {"email": "", "name": ""})


def _common(mail: Mail) -> dict[str, Any]:
    message = mail.message
    written_at = headers.date(message)
    return {
        "message_id": headers.message_id(message),
        "in_reply_to": next(iter(headers.message_ids(headers.all_raw(message, "In-Reply-To"))), ""),
        "references": headers.message_ids(headers.all_raw(message, "References")),
        "subject": headers.text(message, "Subject"),
        "date": written_at.isoformat() if written_at else None,
        "from": _people(mail, "From"),
        "to": _people(mail, "To"),
        "cc": _people(mail, "Cc"),
        "reply_to": _people(mail, "Reply-To"),
        "list_unsubscribe": headers.text(message, "List-Unsubscribe"),
        "attachments": mail_reading.attachments(mail),
        "is_automatic": replies.is_automatic(mail),
        "is_whole": mail.is_whole,
    }


def _people(mail: Mail, name: str) -> list[dict[str, str]]:
    return [{"email": found.email, "name": found.name} for found in headers.addresses(mail.message, name)]


def _text(mail: Mail) -> dict[str, Any]:
    found = mail_reading.text(mail)
    return {"text": found[: mail_reading.MAX_TEXT], "is_text_cut": len(found) > mail_reading.MAX_TEXT}


def _dumped(said: dict[str, Any], *, name: str = "") -> Described:
    """Write JSON, and cut what is longest until it fits into an event."""
    body = storable.dumps(said).encode()
    for part, empty in (("references", []), ("cc", []), ("to", []), ("attachments", []), ("text", "")):
        if len(body) <= MOST_BYTES:
            break
        said = {**said, part: empty, "is_whole": False}
        body = storable.dumps(said).encode()
    return Described(body, name)
