"""What is read of a mail: a message for each event, what is wrong with it, or why it is none of those that are read."""

from collections.abc import Iterator
from typing import Any, Final

from apps.inbound.mails import headers, mail_events, mail_keys, mail_reading
from apps.inbound.mails.mail_events import EVENTS, NotOfMode
from apps.inbound.mails.mail_folder import Fetched
from apps.inbound.mails.mail_reading import Mail
from apps.inbound.mails.marks import Mark
from apps.inbound.mails.settings import FolderSettings
from apps.inbound.received import Received

KNOWN: Final = {
    "event": "The event type that fits: mail-received, mail-replied, mail-bounced, mail-unsubscribed.",
    "mode": "What the folder is read for: received, reply, bounce, unsubscribe.",
    "folder": "The folder.",
    "uid": "The UID of the mail.",
    "uidvalidity": "The numbering to which the UID belongs.",
    "size": "How large the mail is, in bytes.",
}
HEADERS: Final = (
    "Authentication-Results",
    "Auto-Submitted",
    "Delivered-To",
    "List-Id",
    "List-Unsubscribe",
    "Message-ID",
    "Precedence",
    "Return-Path",
    "Subject",
    "X-Original-To",
)
MAX_PROBLEM_BYTES: Final = 2_000_000  # of a mail that cannot be read, and is set aside


def received(fetched: Fetched, settings: FolderSettings, mark: Mark) -> Iterator[Received]:
    """Yield what is read of a mail; only the last of it moves the mark behind the mail, and has the UID to settle."""
    common: dict[str, Any] = {
        "place": settings.folder,
        "at": fetched.at,
        "about": {
            "event": EVENTS[settings.mode],
            "mode": settings.mode,
            "folder": settings.folder,
            "uid": fetched.uid,
            "uidvalidity": mark.uidvalidity,
            "size": fetched.size,
        },
    }
    last: dict[str, Any] = {"position": mark.at(fetched.uid).as_json(), "handle": fetched.uid}
    try:
        mail = mail_reading.read(fetched.raw, is_whole=fetched.is_whole)
        common["headers"] = headers.chosen(mail.message, [*HEADERS, *settings.headers])
        if skipped := _unwanted(mail, settings):
            yield Received(b"", skipped=skipped, **common, **last)
            return
        found = mail_events.describe(mail, settings.mode)
        named = [mail_keys.key_of(mail, mode=settings.mode, size=fetched.size, name=each.name) for each in found]
    except NotOfMode as error:
        yield Received(b"", skipped=str(error), **common, **last)
        return
    except Exception as error:  # noqa: BLE001  # whatever somebody sends: it must not keep others from being read
        told = f"The mail cannot be read ({type(error).__name__})."
        body, key = fetched.raw[:MAX_PROBLEM_BYTES], mail_keys.key_of_bytes(fetched.raw, mode=settings.mode)
        yield Received(body, key=key, problem=told, **common, **last)
        return
    before: dict[str, Any] = {"position": mark.at(fetched.uid - 1).as_json()}
    for each, key in zip(found[:-1], named[:-1], strict=True):
        yield Received(each.body, key=key, **common, **before)
    yield Received(found[-1].body, key=named[-1], **common, **last)


def _unwanted(mail: Mail, settings: FolderSettings) -> str:
    """Say why a mail is not wanted from its sender; empty where it is."""
    if not settings.senders:
        return ""
    wanted = {each.lower() for each in settings.senders}
    for sender in headers.addresses(mail.message, "From"):
        if sender.email in wanted or f"@{sender.email.partition('@')[2]}" in wanted:
            return ""
    return "It comes from somebody who is not among the senders."
