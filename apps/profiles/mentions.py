r"""E-mail addresses wherever people, pages and programs write them: in longer texts, addresses of pages, JSON, keys.

`traces` finds the values that are one: what is buried. Here is found what may only mention one that is.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from apps.conditions.spelling import fold
from apps.core.paths import Path
from apps.profiles.identifiers import usable
from apps.profiles.models import Identifier

MAX_NESTED: Final = 4  # a link in a link
MAX_MENTIONS: Final = 500  # of a text: each takes time, and others wait meanwhile
_LONGEST: Final = 256  # of a name, and of a host
_ENCODED: Final = re.compile(r"%(?:25)*40")
# By JSON, and by JSON in a text in it. A look is made once for each run of backslashes: there may be thousands.
_ESCAPED: Final = re.compile(r"(?<!\\)\\++(?:u00([0-7][0-9a-fA-F])|[bfnrt])")
_NAME: Final = re.compile(r"[^\s\"(),:;<>\[\]\\]*")
_WITHIN: Final = re.compile(r"[=/?&#|{}!~^$%]")  # what a name may hold, and hardly ever does: most often it ends there
_HOST: Final = re.compile(r"[^\s\"(),:;<>\[\]\\=/?&#|{}!~^$%'`*+]*")
_DOMAIN: Final = re.compile(r"(.*\.[^\W\d_]+).*", re.DOTALL)  # to the letters of its last part
_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]*@[a-z0-9](?:[a-z0-9-]*\.)+[a-z]+")
_IDEOGRAPHIC_DOT: Final = "\u3002"  # which parts hosts, too
_MARKS: Final = "'`*_~.-+"
_ASCII_END: Final = re.compile(r"[\x00-\x7f]*\Z")
_ASCII_START: Final = re.compile(r"[\x00-\x7f]*")


def mentions_in(tree: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield (path, normalised address) of all addresses in a JSON tree; of one in a key, the path of what has the key.

    So no path holds an address.
    """
    if isinstance(tree, str):
        for address in addresses_in_text(tree):
            yield path, address
    elif isinstance(tree, dict):
        for key, item in tree.items():
            in_key = addresses_in_text(key)
            for address in in_key:
                yield path, address
            yield from mentions_in(item, path if in_key else (*path, key))
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield from mentions_in(item, (*path, str(index)))


def addresses_in_text(text: str, *, limit: int = MAX_MENTIONS) -> set[str]:
    """Find the addresses in a text, normalised; what only might be one is listed, too."""
    # Next to nothing to ask, and mostly no.
    may_mention = "@" in text or "u0040" in text or ("%" in text and _ENCODED.search(text) is not None)
    if not may_mention:
        return set()
    found = set()
    folded = fold(text)
    is_plain = not ("%" in folded or "\\" in folded or "+" in folded)  # as most are
    for reading in (folded,) if is_plain else _readings(folded):
        for written in _written_in(reading, limit):
            address = usable(Identifier.Kind.EMAIL, written)
            if address:
                found.add(address)
    return found


def _readings(text: str) -> Iterator[str]:
    """Yield a text as it is, and what it is to those who decode it."""
    # In forms and queries a plus is a blank, elsewhere part of a name.
    for reading in (text, text.replace("+", " ")) if "+" in text and "=" in text else (text,):
        decoded = reading
        for _ in range(MAX_NESTED):
            yield decoded
            known = decoded
            if "\\" in decoded:
                decoded = _ESCAPED.sub(_unescaped, decoded)
                yield decoded  # a text that was escaped may be no address of a page
            decoded = unquote(decoded)
            if decoded == known:
                break


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "


def _written_in(text: str, limit: int) -> Iterator[str]:
    """Yield what stands around each @ of a text, in the ways in which it may be meant."""
    before, *rest = text.split("@", maxsplit=limit)
    for after in rest:
        # Most addresses are the whole of a value in JSON, and leave no doubt: they stand between quotation marks.
        _, opening, name = before[-_LONGEST:].rpartition('"')
        host, closing, _ = after[:_LONGEST].partition('"')
        value = f"{name}@{host}"
        if opening and closing and _PLAIN.fullmatch(value):
            before = after
            yield value
            continue
        name = _start(_NAME, before[: -_LONGEST - 1 : -1])[::-1]  # read backwards, to where it begins
        host = _start(_HOST, after[:_LONGEST]).strip("._-")
        before = after
        if not name or not ("." in host or _IDEOGRAPHIC_DOT in host):
            continue
        bare = _WITHIN.split(name)[-1].lstrip(_MARKS)
        # In a language without blanks, the words around an address are not part of it; nor is a number behind it.
        names = {name, name.lstrip(_MARKS), bare, _ascii(_ASCII_END, bare).lstrip(_MARKS)}
        for each in {host, _ascii(_ASCII_START, host).strip("._-"), _DOMAIN.sub(r"\1", host)}:
            yield from (f"{found}@{each}" for found in names if found)


def _start(part: re.Pattern[str], text: str) -> str:
    found = part.match(text)
    return found[0] if found else ""


def _ascii(part: re.Pattern[str], text: str) -> str:
    found = None if text.isascii() else part.search(text)
    return found[0] if found else text
