"""HTML as a text, in one pass whatever stands in it: it may be anybody's.

Python's own reader of HTML takes seconds for tags that are never closed.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

_TAG: Final = re.compile(r"<!--|-->|<(/?)([a-z][a-z0-9]*)\b[^<>]*>|<[!?][^<>]*>", re.IGNORECASE)
_COMMENT: Final = "--"
_SILENT: Final = frozenset({_COMMENT, "head", "script", "style", "title", "template", "noscript"})
_INLINE: Final = frozenset(
    {
        _COMMENT,
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "data",
        "dfn",
        "em",
        "font",
        "i",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
    }
    | {"samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr"}
)
_BLANKS: Final = re.compile(r"\s+")
_LINES: Final = re.compile(r" *\n\s*")


def text_of_html(html: str) -> str:
    """Return what HTML says; each block begins a line. Raises ValueError for a number of a letter that is too long."""
    text = unescape("".join(_pieces(_BLANKS.sub(" ", html)))).replace("\xa0", " ")
    return _LINES.sub("\n", re.sub(r"[ \t]+", " ", text)).strip()


def _pieces(html: str) -> Iterator[str]:
    """Yield what is said between tags, and the ends of lines."""
    silent, at = "", 0  # the tag, or the comment, in which nothing is said
    for tag in _TAG.finditer(html):
        name, is_end = _named(tag)
        start, end = tag.span()
        if silent:
            if is_end and name == silent:
                silent, at = "", end
            continue
        if at < start:
            yield html[at:start]
        at = end
        if name in _SILENT and not is_end:
            silent = name
        elif name and name not in _INLINE:
            yield "\n"
    if not silent:
        yield html[at:]


def _named(tag: re.Match[str]) -> tuple[str, bool]:
    """Return the name of a tag, and whether something ends with it."""
    slash, name = tag.group(1, 2)
    if name:
        return name.lower(), slash == "/"
    mark = tag[0]
    return (_COMMENT, mark == "-->") if mark in ("<!--", "-->") else ("", False)
