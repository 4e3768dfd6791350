"""Names as texts: which of them name nobody at all."""

import re
import unicodedata
from importlib import resources
from typing import Any, Final
from urllib.parse import unquote

import yaml

BLOCKED: Final[dict[str, Any]] = yaml.load(
    resources.files("apps.profiles").joinpath("blocked.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
)
# What most ids are: letters and digits, with a digit among them. No word is, and no place of a template.
_ORDINARY: Final = re.compile(r"(?=[A-Za-z0_.:@+-]*[1-9])[A-Za-z0-9][A-Za-z0-9_.:@+-]*")
_PLAIN: Final = re.compile(r"[a-z_.:@+-]*[a-z]")  # nor has this, such as an address
_WORD: Final = re.compile(r"[^\W_]+")
_ZERO: Final = re.compile(r"[-+]?0[0x.,:_ -]*(?:e[-+]?\d+)?")
_DECIMALS: Final = re.compile(r"[.,]0+\Z")
# What stands around a value that is none: "null", <nil>, {00000000-0000-0000-0000-000000000000}.
_WRAPPING: Final = " \t\r\n\"'`()[]{}<>$%#*|"
# Places of templates that a program did not fill in, and what programs write of things that are no text.
_PLACES: Final = (
    *(("{{", "}}"), ("${", "}"), ("#{", "}"), ("@{", "}"), ("{!", "}"), ("{%", "%}"), ("{#", "#}"), ("[[", "]]")),
    *(("<%", "%>"), ("<?", "?>"), ("*|", "|*"), ("%%", "%%"), ("%!", ")"), ("[object ", "]"), ("function", "}")),
)
# Places of printf, the escapes of databases, the errors of spreadsheets: %s, %(id)d, %@, \N, #REF!
_PRINTED: Final = re.compile(
    r"(?<![^\W_])%(?:\d+\$|\(\w+\))?l{0,2}[@disuvq](?![^\W_])|\A\\\w\Z|\A#(?:ref|value|name|null|num|div/0|error)[!?]\Z"
)


def words_of(text: str) -> str:
    """Return the words of a text in small letters, with blanks between them: "Not_Set" is "not set"."""
    return " ".join(_WORD.findall(text.lower()))


def _repeating() -> set[str]:
    """Return the UUIDs that repeat one digit, or are made of nothing but the marks that a UUID must have."""
    marks = (("4", "8"), ("4", "a"), ("1", "1"))
    places = [(d, *mark, d) for d in "0123456789abcdefx" for mark in ((d, d), *marks, ("4", "y"))]
    places += [("0", *mark, "1") for mark in (("0", "0"), *marks)]
    return {f"{d * 8}-{d * 4}-{v}{d * 3}-{w}{d * 3}-{d * 11}{last}" for d, v, w, last in places}


_IDS: Final = {*map(str, BLOCKED["ids"]), *_repeating()}
_SHARED: Final = frozenset(_IDS | {id_.replace("-", "") for id_ in _IDS if len(id_) == 36})
NOBODY: Final = frozenset(
    {
        *map(words_of, BLOCKED["nobody"]),
        *(name for field in BLOCKED["fields"] for name in (f"{field}id", f"{field} id")),
    }
)


def is_ordinary(value: str) -> bool:
    """Tell whether an id is one as it stands, as most are: it has one spelling, and names somebody."""
    return _ORDINARY.fullmatch(value) is not None and value.lower() not in _SHARED


def names_nobody(value: str) -> bool:
    """Tell whether a value stands in place of nothing: null, undefined, 0000, {{user_id}}."""
    if _ORDINARY.fullmatch(value):
        return value.lower() in _SHARED
    if _is_nothing(value):
        return True
    return "%" in value and _is_nothing(unquote(unquote(value)))  # twice: what was put into an address by a redirect


def _is_nothing(value: str) -> bool:
    text = value if value.isascii() else unicodedata.normalize("NFKC", value).replace("\u2212", "-")
    text = text.lower()
    words = _WORD.findall(text)
    # What repeats a word that names nobody is one, too; and of punctuation alone nothing is left.
    if NOBODY.issuperset(words) or " ".join(words) in NOBODY or text in _SHARED:
        return True
    if _PLAIN.fullmatch(text):
        return False
    bare = text.strip(_WRAPPING)
    if _ZERO.fullmatch(bare) or _DECIMALS.sub("", bare) in _SHARED:
        return True
    return _is_unfilled(text.strip(" \"'.,;"))


def _is_unfilled(text: str) -> bool:
    if len(text) > 2 and text[0] == text[-1] == "%":
        return True
    if any(opening in text and closing in text.partition(opening)[2] for opening, closing in _PLACES):
        return True
    return ("%" in text or text[:1] in "\\#") and _PRINTED.search(text) is not None
