"""Reads a mail: its parts, its text, and which attachments it has. It takes whatever comes, in bounded time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from itertools import islice
from typing import Any, Final

from apps.inbound.mails import headers, mail_parts, markup
from apps.inbound.mails.mail_parts import Part

MAX_PARTS: Final = 1_000  # that are looked at
MAX_ATTACHMENTS: Final = 50  # that are told of
MAX_NESTED: Final = 50  # parts with parts: each line of a mail is held against all of them
MAX_BOUNDARIES: Final = 10_000  # lines that may begin a part
MAX_GROUPS: Final = 10_000  # empty lines of a report, each of which may begin a group
MAX_HEAD_BYTES: Final = 1_000_000  # of all headers; of more, no body is read
MAX_TEXT: Final = 20_000  # characters
MAX_TEXT_BYTES: Final = 1_000_000  # of a part, of which a text is made
_NESTED: Final = re.compile(rb"^content-type:\s{0,100}(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_REPORT: Final = re.compile(rb"\bdelivery-status\b", re.IGNORECASE)
_EMPTY: Final = re.compile(rb"\r?\n(?=\r?\n)|\r(?=\r)")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it was read."""

    message: Part
    raw: bytes
    is_whole: bool  # else only its headers were read


def read(raw: bytes, *, is_whole: bool = True) -> Mail:
    """Read a mail. One with too many parts is read as far as its headers go."""
    is_whole = is_whole and not _is_too_much(raw)
    parser = BytesParser(policy=mail_parts.POLICY)
    if is_whole:
        return Mail(parser.parsebytes(raw), raw, is_whole=True)
    head = raw[:MAX_HEAD_BYTES]
    end = _HEAD_END.search(head)
    return Mail(parser.parsebytes(head[: end.end()] if end else head, headersonly=True), raw, is_whole=False)


def _is_too_much(raw: bytes) -> bool:
    """Tell whether a mail has more parts than anybody sends: each costs time, whatever it says."""
    if len(raw) > MAX_HEAD_BYTES and not _HEAD_END.search(raw, 0, MAX_HEAD_BYTES):
        return True
    if raw.count(b"\n--") + raw.count(b"\r--") > MAX_BOUNDARIES:
        return True
    if _REPORT.search(raw) and _more(_EMPTY, raw, MAX_GROUPS):
        return True
    return _more(_NESTED, raw, MAX_NESTED)


def _more(pattern: re.Pattern[bytes], raw: bytes, n: int) -> bool:
    return next(islice(pattern.finditer(raw), n, None), None) is not None


def parts(mail: Mail) -> Iterator[Part]:
    """Yield what a mail consists of, in order; a mail within it is one part."""
    waiting = [mail.message] if mail.is_whole else []
    n_left = MAX_PARTS
    while waiting and n_left:
        part = waiting.pop()
        n_left -= 1
        inner = part.get_payload()
        if isinstance(inner, list) and part.content_type.startswith("multipart/"):
            waiting += [each for each in reversed(inner[:n_left]) if isinstance(each, Part)]
        else:
            yield part


def text(mail: Mail) -> str:
    """Return what a mail says in words: its plain text, else that of its HTML."""
    by_type: dict[str, Part] = {}
    for part in parts(mail):
        if not is_attached(part):
            by_type.setdefault(part.content_type, part)
    if "text/plain" in by_type:
        return text_of_part(by_type["text/plain"])
    if "text/html" in by_type:
        return markup.text_of(text_of_part(by_type["text/html"]))
    return ""


def text_of_part(part: Part) -> str:
    """Return the text of a part, whatever charset it claims."""
    data = part.get_payload(decode=True)
    data = data[:MAX_TEXT_BYTES] if isinstance(data, bytes) else b""
    charset = part.get_param("charset")
    said = headers.decoded(data, charset if isinstance(charset, str) else None)
    return headers.clean(said.replace("\r\n", "\n").replace("\r", "\n")).strip()


def is_attached(part: Part) -> bool:
    """Tell whether a part is a file."""
    return _disposition(part) == "attachment" or bool(_file_name(part))


def attachments(mail: Mail) -> list[dict[str, Any]]:
    """List the files of a mail: their names, types and sizes."""
    found: list[dict[str, Any]] = []
    for part in parts(mail):
        is_text = part.content_type.startswith("text/") and not is_attached(part)
        if is_text or len(found) == MAX_ATTACHMENTS:
            continue
        kind = headers.clean(part.content_type)[: headers.MAX_NAME]
        found.append({"name": _file_name(part), "type": kind, "size": _size(part)})
    return found


def _disposition(part: Part) -> str:
    return headers.raw(part, "Content-Disposition").partition(";")[0].strip().lower()


def _file_name(part: Part) -> str:
    return headers.readable(part.file_name, most=headers.MAX_NAME)


def _size(part: Part) -> int:
    """Tell how large a file is, without unpacking it."""
    inner = part.get_payload()
    if not isinstance(inner, str):
        return 0
    if headers.raw(part, "Content-Transfer-Encoding").lower() == "base64":
        n_letters = len(inner) - inner.count("\n") - inner.count("\r")
        return max(0, n_letters * 3 // 4 - inner[-4:].count("="))
    return len(inner)
