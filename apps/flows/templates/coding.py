"""What filters make of a value so that others do not read it, or can: hashes, stars, Base64, parts of addresses."""

import base64
import hashlib
from typing import Any, Final

from django.utils.text import slugify

from apps.core import storable
from apps.flows.engine.moves import Failure
from apps.flows.templates.channels import text_of

_HASHES: Final = ("sha256", "sha512", "sha1", "md5")
_TYPES: Final = {bool: "boolean", int: "number", float: "number", list: "list", tuple: "list", dict: "object"}


def hash_(value: Any, by: str = "sha256") -> str:
    """The hex digits of its hash, by SHA-256 unless another is named: `hash("md5")`, also `sha1` and `sha512`."""
    if by not in _HASHES:
        raise Failure(f"There is no such hash; there are {', '.join(_HASHES)}.")
    return hashlib.new(by, text_of(value).encode(), usedforsecurity=False).hexdigest()


def mask(value: Any, shown: int = 0) -> str:
    """Three stars, and the last so many characters behind them, if there are twice as many: `mask(4)` is `***1234`."""
    text = text_of(value)
    return "***" + (text[-shown:] if 0 < shown <= len(text) // 2 else "")


def base64_(value: Any) -> str:
    """In Base64."""
    return base64.b64encode(text_of(value).encode()).decode()


def unbase64(value: Any) -> str:
    """The text that is written in Base64, or in that of addresses."""
    return text_of_base64(text_of(value))


def text_of_base64(written: str) -> str:
    """Return what is written in Base64, or in that of addresses. Raises ValueError where it is no text."""
    standard = "".join(written.split()).rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    text = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
    if storable.problem_of_text(text):
        raise ValueError("It is no text that can be kept.")
    return text


def slug(value: Any) -> str:
    """In small letters, digits and hyphens, as addresses of pages have it: Blue Shoes is blue-shoes."""
    return slugify(text_of(value))


def remove(value: Any, characters: str) -> str:
    """Without some characters, wherever they stand: `remove(" -/")`."""
    return text_of(value).translate(dict.fromkeys(map(ord, characters)))


def type_(value: Any) -> str:
    """What it is: text, number, boolean, list or object."""
    return _TYPES.get(type(value), "text")
