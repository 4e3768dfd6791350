"""Read the fields of a form or an address as they were written: in UTF-8, or in what browsers used before it."""

from typing import Final
from urllib.parse import parse_qsl

UTF_8: Final = "utf-8"
# What the web means by each of these names (encoding.spec.whatwg.org).
WINDOWS_1252: Final = frozenset({"windows-1252", "cp1252", "iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii"})
Fields = list[tuple[str, str]]


class UnknownCharset(ValueError):
    """The fields are in an encoding that we do not read, or not in the one that is named."""


def parse(raw: bytes, *, charset: str = "", limit: int | None = None) -> Fields:
    """Read (name, value) of what is percent-encoded, blank values included.

    Raises UnknownCharset, and ValueError for more than `limit` fields.
    """
    # Read as Latin-1 each byte is a character, and none is lost.
    found = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=limit)
    return decode([(name.encode("latin-1"), value.encode("latin-1")) for name, value in found], charset=charset)


def decode(fields: list[tuple[bytes, bytes]], *, charset: str = "") -> Fields:
    """Decode fields by the charset that is named. None: UTF-8 if all of them are, otherwise Windows-1252."""
    charset = charset.lower()
    if charset and charset != UTF_8 and charset not in WINDOWS_1252:
        raise UnknownCharset
    for encoding in ("cp1252",) if charset in WINDOWS_1252 else (UTF_8,) if charset else (UTF_8, "cp1252"):
        try:
            return [(name.decode(encoding), value.decode(encoding)) for name, value in fields]
        except UnicodeDecodeError:
            continue
    raise UnknownCharset
