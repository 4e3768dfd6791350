"""Mail as bytes: what a value says stays in its place, whatever it says; the same, letter by letter, at each try.

Nothing is read as a header that was written already: an encoded word in a value is text, and is encoded once more.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final, Protocol

from apps.bridges import requests
from apps.bridges.transport import Parcel
from apps.core.ids import fingerprint

LINE: Final = 76  # characters, where words are shorter than that
LONGEST_LINE: Final = 998  # bytes
ENCODED: Final = 45  # bytes in an encoded word, which has room for 75 letters
_POLICY: Final = SMTP.clone(cte_type="7bit")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_UNSEEN_IN_BODY: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FIELD: Final = re.compile(rb"([!-9;-~]+): ?([^\x00-\x1f\x7f]*)")
_FOLDED: Final = re.compile(rb" [^\x00-\x20\x7f][^\x00-\x1f\x7f]*")
_BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class Unwritable(ValueError):
    """A mail would not say what it should, and nothing else; the message says so."""


class Sender(Protocol):
    """What has to be known of whom mail comes from."""

    @property
    def from_address(self) -> str:
        """From whom it comes."""

    @property
    def from_name(self) -> str:
        """Their name, if they have one."""

    @property
    def reply_to(self) -> str:
        """Who gets the answers; empty: who it comes from."""


def written(parcel: Parcel, sender: Sender, to: requests.Recipient) -> bytes:
    """Write a mail. Raises Unwritable where its bytes would say more than it."""
    request, mark = parcel.request, fingerprint(parcel.key)
    content = _content(request, mark)
    lines = [
        ("From", _mailbox(sender.from_name, sender.from_address)),
        ("To", _mailbox(to.name, to.address)),
        ("Subject", _text(request.get("subject", ""))),
        ("Date", [format_datetime(parcel.created_at)]),
        ("Message-ID", [f"<{mark}@{sender.from_address.rpartition('@')[2]}>"]),
        *([("Reply-To", [sender.reply_to])] if sender.reply_to else []),
        *((name, _text(value)) for name, value in request.get("headers", {}).items()),
    ]
    head = "".join(_folded(name, words) for name, words in lines)
    mail = head.encode() + content.as_bytes(policy=_POLICY)
    _check(mail, [*(name for name, _ in lines), *content.keys()])
    return mail


def _content(request: Mapping[str, Any], mark: str) -> EmailMessage:
    """Write what is below the headers, and those that say what it is: none of them has anything of a value."""
    mail = EmailMessage(policy=_POLICY)
    text, html = request.get("text", ""), request.get("html", "")
    if text:
        mail.set_content(text, cte=_encoding(text))
    if html and text:
        mail.add_alternative(html, subtype="html", cte=_encoding(html))
        boundary = f"={mark}="
        while boundary in text or boundary in html:
            boundary += "="
        mail.set_boundary(boundary)
    elif html:
        mail.set_content(html, subtype="html", cte=_encoding(html))
    return mail


def _encoding(body: str) -> str | None:
    """Say how to encode what not all servers let through; None: whatever is shortest."""
    return "base64" if _UNSEEN_IN_BODY.search(body.replace("\r\n", "\n")) else None


def _mailbox(name: str, address: str) -> list[str]:
    shown = " ".join(requests.UNSEEN.sub(" ", name).split(" ")).strip()
    if not shown:
        return [address]
    if not shown.isascii() or "=?" in shown or len(shown) > LINE:
        return [*_encoded(shown), f"<{address}>"]
    if not _ATOMS.fullmatch(shown):
        shown = '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return [shown, f"<{address}>"]


def _text(value: str) -> list[str]:
    """Divide a text into what goes between spaces; runs of spaces are one."""
    words = [word for word in value.split(" ") if word]
    is_plain = value.isascii() and value.isprintable() and "=?" not in value
    if is_plain and all(len(word) <= requests.MAX_WORD for word in words):
        return words
    return _encoded(" ".join(words))


def _encoded(text: str) -> list[str]:
    """Encode a text, in words that are read as one; no letter is divided."""
    parts, part = [], b""
    for letter in text:
        more = letter.encode()
        if len(part) + len(more) > ENCODED:
            parts.append(part)
            part = b""
        part += more
    return [f"=?utf-8?b?{b64encode(each).decode()}?=" for each in (*parts, part)]


def _folded(name: str, words: list[str]) -> str:
    """Write a header: the first word on the line of its name, or mail programs of old take it for an empty one."""
    lines, line = [], f"{name}:"
    for number, word in enumerate(words):
        if number and len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line]) + "\r\n"


def _check(mail: bytes, names: list[str]) -> None:
    """Read what was written, as a server does. Raises Unwritable."""
    head, ended, _ = mail.partition(b"\r\n\r\n")
    found, is_well = [], bool(ended) and not _BARE.search(mail)
    for line in head.split(b"\r\n"):
        field = _FIELD.fullmatch(line)
        if field:
            found.append(field[1].decode())
        is_well = is_well and len(line) <= LONGEST_LINE and bool(field or (found and _FOLDED.fullmatch(line)))
    if not is_well or found != names:
        raise Unwritable("Its headers cannot be written so that they say nothing else.")
