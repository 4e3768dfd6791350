"""Read the fields of a form or an address as they were written: in UTF-8, or in what browsers used before it."""

import codecs
from typing import Final
from urllib.parse import parse_qsl

_UTF_8: Final = "utf-8"
_WINDOWS_1252: Final = "cp1252"
# What the web means by each, whatever its alias: Latin-1 and ASCII are Windows-1252 (encoding.spec.whatwg.org).
_READ_AS: Final = {_UTF_8: _UTF_8, **dict.fromkeys((_WINDOWS_1252, "iso8859-1", "ascii"), _WINDOWS_1252)}
_BYTE_ORDER_MARK: Final = codecs.BOM_UTF8
Fields = list[tuple[str, str]]


class UnknownCharset(ValueError):
    """The fields are in an encoding that we do not read, or not in the one that is named."""


def parse(raw: bytes, *, charset: str = "", limit: int | None = None) -> Fields:
    """Read (name, value) of what is percent-encoded, blank values included.

    Raises UnknownCharset, and ValueError for more than `limit` fields.
    """
    # Read as Latin-1 each byte is a character, and none is lost.
    text = raw.removeprefix(_BYTE_ORDER_MARK).decode("latin-1")
    found = parse_qsl(text, keep_blank_values=True, encoding="latin-1", max_num_fields=limit)
    return decode([(name.encode("latin-1"), value.encode("latin-1")) for name, value in found], charset=charset)


def decode(fields: list[tuple[bytes, bytes]], *, charset: str = "") -> Fields:
    """Decode fields by the charset that is named. None: UTF-8 if all of them are, otherwise Windows-1252."""
    for encoding in (_meant(charset),) if charset else (_UTF_8, _WINDOWS_1252):
        try:
            return [(name.decode(encoding), value.decode(encoding)) for name, value in fields]
        except UnicodeDecodeError:
            continue
    raise UnknownCharset


def _meant(charset: str) -> str:
    try:
        return _READ_AS[codecs.lookup(charset).name]
    except LookupError:
        raise UnknownCharset from None
