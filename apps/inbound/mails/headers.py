"""Headers of mails as people read them: decoded, in one line, bounded, whatever bytes there are."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final, NamedTuple

from apps.inbound.mails import charsets
from apps.inbound.mails.mail_parts import Part

MAX_OF_NAME: Final = 60_000  # characters of all headers of one name that are looked at
MAX_ENCODED: Final = 8_000  # characters of one header that are decoded
MAX_TEXT: Final = 1_000  # characters of a header that are kept
MAX_NAME: Final = 200
MAX_ADDRESS: Final = 254
ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,190}")
# As most are written: ben@shop.example, and Ben Bell <ben@shop.example>.
_PLAIN_ADDRESS: Final = r"[\w+-]{1,64}(?:\.[\w+-]{1,64}){0,9}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,9}"
_PLAIN: Final = re.compile(
    rf"(?P<bare>{_PLAIN_ADDRESS})|(?P<name>[\w ]{{1,200}}) <(?P<email>{_PLAIN_ADDRESS})>", re.ASCII
)
# An address that stands as a name: anna@shop.example <ben@shop.example> comes from Ben.
_NAMED: Final = re.compile(r"""(^|,)\s*([^<>",@]{0,100}@[^<>",]{0,100}?)\s*<""")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,500})>")


class Address(NamedTuple):
    """Somebody to whom, or from whom, a mail goes."""

    email: str
    name: str


def clean(text: str) -> str:
    """Leave out what no text has: bytes that were none, control characters besides line breaks and tabs."""
    if text.isascii() and text.isprintable():  # most are
        return text
    return _CONTROLS.sub("", text.encode("utf-8", "replace").decode())


def decoded(data: bytes, charset: str | None) -> str:
    """Read bytes in the charset that is named, or in the one that fits: never raises."""
    for name in (charsets.known(charset or "") or "utf-8", "utf-8"):
        try:
            return data.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def raw(message: Part, name: str) -> str:
    """Return a header in one line, not decoded; empty where there is none."""
    return next(iter(all_raw(message, name)), "")


def all_raw(message: Part, name: str) -> Sequence[str]:
    """Return all headers of a name, each in one line, not decoded."""
    return message.by_name.get(name.lower(), ())


def readable(text: str, *, most: int = MAX_TEXT) -> str:
    """Decode a header."""
    if text.isascii() and "=?" not in text:  # most are written as they are read
        return clean(text[:MAX_ENCODED]).strip()[:most]
    said = decoded(text[:MAX_ENCODED].encode("utf-8", "surrogateescape"), None)
    try:
        parts = decode_header(said)
    except (HeaderParseError, MessageError, ValueError):
        parts = [(said, None)]
    return clean("".join(_part(each, charset) for each, charset in parts)).strip()[:most]


def text(message: Part, name: str) -> str:
    """Return a header as people read it; empty where there is none."""
    return readable(raw(message, name))


def addresses(message: Part, *names: str, most: int = 50) -> list[Address]:
    """Return the people of headers, each once, at most so many."""
    found: dict[str, Address] = {}
    said = (" ".join(value.split()) for header in names for value in _bounded(all_raw(message, header)))
    values = [_NAMED.sub(r'\1"\2" <', value) for value in said]
    for name, email in _pairs(values):
        if len(found) < most and (usable := address(email)):
            found.setdefault(usable, Address(usable, readable(name, most=MAX_NAME)))
    return list(found.values())


def _pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    """Return names and addresses; the standard library takes its time for what may be anything."""
    plain = [found for found in map(_PLAIN.fullmatch, values) if found]
    if len(plain) == len(values):
        return [(found["name"] or "", found["email"] or found["bare"]) for found in plain]
    try:
        return getaddresses(values)
    except RecursionError:  # comments within comments
        return []


def address(text: str) -> str:
    """Return an e-mail address in lower case; empty where it is none."""
    said = clean(text).strip().strip("<>").lower()
    return said if len(said) <= MAX_ADDRESS and ADDRESS.fullmatch(said) else ""


def message_ids(texts: Iterable[str], *, most: int = 50) -> list[str]:
    """Return the ids of messages that headers name, without their brackets, the last of them."""
    found = dict.fromkeys(clean(each) for text in _bounded(texts) for each in MESSAGE_ID.findall(text))
    return list(found)[-most:]


def message_id(message: Part) -> str:
    """Return the id of a message without its brackets; empty where it has none."""
    said = raw(message, "Message-ID")
    return next(iter(message_ids([said])), "") or clean(said).strip("<> ")[:500]


def date(message: Part) -> datetime | None:
    """Return when a mail says that it was written, in UTC."""
    try:
        found = parsedate_to_datetime(clean(raw(message, "Date")))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, LookupError, OverflowError):
        return None


def _bounded(texts: Iterable[str]) -> Iterator[str]:
    n_left = MAX_OF_NAME
    for each in texts:
        if len(each) > n_left:
            return
        n_left -= len(each)
        yield each


def chosen(message: Part, names: Sequence[str]) -> dict[str, str]:
    """Return those of the headers that there are, by their names in lower case."""
    found = {name.lower(): text(message, name) for name in names}
    return {name: value for name, value in found.items() if value}


def _part(said: bytes | str, charset: str | None) -> str:
    if isinstance(said, str):
        return said
    # So the standard library passes on what stands between encoded words.
    return decoded(said, charset) if charset else said.decode("raw-unicode-escape", "replace")
