"""What a delivery asks a transport to send, and what is wrong with it: nothing typed may say more than it should."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.core.refusal import Refusal

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f]")  # what would end a line, and begin another header
UNFIT_FOR_PATH: Final = re.compile(r"[^!-~]|#")
MAX_HEADERS: Final = 50
MAX_VALUE: Final = 8_000
MOST_ROWS: Final = 1_000
MAX_FILE: Final = 200_000  # bytes of a file, which is kept in the row of its delivery
MAX_NAME: Final = 900  # bytes of its name; S3 has 1,024, and a key has to find room
MAX_TYPE: Final = 200
KEY_IN_NAME: Final = ":key"  # the key of the delivery takes its place
MAX_WORD: Final = 890  # of a header of a mail: it goes on the line of its name, which has room for 998
# The platform's own: they say where a request ends, to whom it goes, and by what it is known again.
OUR_HEADERS: Final = frozenset(
    {
        *("connection", "content-length", "expect", "host", "idempotency-key", "keep-alive", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        *("webhook-id", "webhook-signature", "webhook-timestamp"),
    }
)
OUR_MAIL_HEADERS: Final = frozenset(
    {
        *("bcc", "cc", "content-transfer-encoding", "content-type", "date", "dkim-signature", "from", "message-id"),
        *("mime-version", "received", "reply-to", "resent-bcc", "resent-cc", "resent-from", "resent-to", "return-path"),
        *("sender", "subject", "to"),
    }
)
_CONTENT_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(?: *; *[\w-]+=(?:[\w.+-]+|\"[^\"\\]*\"))*", re.ASCII)
HALF: Final = re.compile(r"[\ud800-\udfff]")  # of a letter, which no encoding has
ADDRESS: Final = re.compile(r"([^\s@<>\"(),:;\[\]\\]{1,64})@((?:[\w-]{1,63}\.)*[\w-]{1,63})")
DOMAIN: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}")
# A name as it is shown, which may be between quotation marks, and the address.
_NAMED: Final = re.compile(r"(?:\"((?:[^\"\\]|\\.)*)\"|([^\"<>@,;:\\()\[\]]*)) *<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a mail: the name that is shown, and the address as servers know it, with the domain in ASCII."""

    name: str
    address: str


def problem_of_http(request: Mapping[str, Any]) -> Refusal | None:
    """Find what is wrong with a request of HTTP: method, path, headers and body."""
    method, path = request.get("method", "POST"), request.get("path", "")
    if method not in METHODS:
        return Refusal("invalid", f"method is one of {', '.join(METHODS)}.", "method")
    if not isinstance(path, str) or UNFIT_FOR_PATH.search(path):
        return Refusal("invalid", "path must not have spaces or letters beyond ASCII: write them as %20.", "path")
    if path and path[0] not in "/?":
        return Refusal("invalid", "path begins with /, or with ?.", "path")
    if any(part in (".", "..") for part in path.partition("?")[0].lower().replace("%2e", ".").split("/")):
        return Refusal("invalid", "path must not lead upwards, as .. does.", "path")
    if not isinstance(request.get("body", ""), str):
        return Refusal("invalid", "body is a text.", "body")
    if not isinstance(request.get("may_be_missing", False), bool):
        return Refusal("invalid", "may_be_missing is true or false.", "may_be_missing")
    return _problem_of_headers(request.get("headers", {}), OUR_HEADERS)


def problem_of_mail(request: Mapping[str, Any]) -> Refusal | None:
    """Find what is wrong with a mail: recipient, subject, bodies and headers."""
    if recipient_of(request.get("to")) is None:
        return Refusal("invalid", "to is an e-mail address, and one of them.", "to")
    for name in ("subject", "text", "html"):
        if not isinstance(request.get(name, ""), str):
            return Refusal("invalid", f"{name} is a text.", name)
        if HALF.search(request.get(name, "")):
            return Refusal("invalid", f"{name} has half a letter (a surrogate), which cannot be sent.", name)
    if UNSEEN.search(request.get("subject", "")):
        return Refusal("invalid", "subject is one line.", "subject")
    if not request.get("text") and not request.get("html"):
        return Refusal("invalid", "A mail has a text, or HTML.", "text")
    headers = request.get("headers", {})
    return _problem_of_headers(headers, OUR_MAIL_HEADERS) or _too_long(headers)


def problem_of_post(request: Mapping[str, Any]) -> Refusal | None:
    """Find what is wrong with a message to a room: a text, which may be HTML."""
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        return Refusal("invalid", "A message has a text.", "text")
    if HALF.search(text):
        return Refusal("invalid", "text has half a letter (a surrogate), which cannot be sent.", "text")
    if not isinstance(request.get("is_html", False), bool):
        return Refusal("invalid", "is_html is true or false.", "is_html")
    return None


def problem_of_sql(request: Mapping[str, Any]) -> Refusal | None:
    """Find what is wrong with a statement of SQL: its text, values by the names of parameters, and its limits."""
    statement = request.get("statement")
    if not isinstance(statement, str) or not statement.strip() or HALF.search(statement):
        return Refusal("invalid", "statement is a text of SQL.", "statement")
    if not isinstance(request.get("parameters"), dict):
        return Refusal("invalid", "parameters are values by name.", "parameters")
    if not isinstance(request.get("is_read"), bool):
        return Refusal("invalid", "is_read is true or false.", "is_read")
    most = request.get("most")
    if not isinstance(most, int) or not 0 <= most <= MOST_ROWS:
        return Refusal("invalid", f"most is a number of rows, {MOST_ROWS:,} at most.", "most")
    return None


def problem_of_file(request: Mapping[str, Any]) -> Refusal | None:
    """Find what is wrong with a file: its name, with folders, its text, and the type of its content."""
    name, text = request.get("name"), request.get("text")
    if not isinstance(name, str) or not name or HALF.search(name) or len(name.encode()) > MAX_NAME:
        return Refusal("invalid", f"A file has a name, of {MAX_NAME} bytes at most.", "name")
    if UNSEEN.search(name) or any(part in ("", ".", "..") for part in name.split("/")):
        return Refusal("invalid", "The folders in the name of a file have names, and are not . or ..", "name")
    if not isinstance(text, str) or HALF.search(text) or len(text.encode()) > MAX_FILE:
        return Refusal("invalid", f"A file is a text of {MAX_FILE:,} bytes at most.", "text")
    if not is_content_type(request.get("content_type")):
        return Refusal("invalid", "A type of content is as text/csv.", "content_type")
    return None


def is_content_type(said: Any) -> bool:
    """Tell whether this is a type of content."""
    return isinstance(said, str) and len(said) <= MAX_TYPE and _CONTENT_TYPE.fullmatch(said) is not None


def _too_long(headers: Mapping[str, str]) -> Refusal | None:
    for name, value in headers.items():
        if any(len(word) > MAX_WORD for word in value.split()):
            return Refusal(
                "invalid", f"The header {name} has a word of more than {MAX_WORD} characters.", f"headers.{name}"
            )
    return None


def recipient_of(to: Any) -> Recipient | None:
    """Read who a mail goes to, an address or a name and <address>; None where that is nobody, or several."""
    if not isinstance(to, str) or UNSEEN.search(to) or HALF.search(to):
        return None
    named = _NAMED.fullmatch(to.strip())
    quoted, plain, inner = named.groups() if named else (None, "", to.strip())
    found = ADDRESS.fullmatch(inner)
    if not found or not found[1].isprintable():
        return None
    try:
        domain = found[2].encode("idna").decode()
    except UnicodeError:
        return None
    if not DOMAIN.fullmatch(domain):
        return None
    name = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return Recipient(name.strip(), f"{found[1]}@{domain}")


def _problem_of_headers(headers: Any, ours: frozenset[str]) -> Refusal | None:
    if not isinstance(headers, dict) or len(headers) > MAX_HEADERS:
        return Refusal("invalid", f"headers are texts by name, {MAX_HEADERS} at most.", "headers")
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            return Refusal("invalid", "The name of a header has letters, digits and hyphens.", "headers")
        at = f"headers.{name}"
        if name.lower() in ours:
            return Refusal("invalid", f"The header {name} is set by the platform.", at)
        if not isinstance(value, str) or len(value) > MAX_VALUE or UNSEEN.search(value) or HALF.search(value):
            return Refusal("invalid", f"The header {name} is one line of text.", at)
    return None
