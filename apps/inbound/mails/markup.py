"""The text of mails that have only HTML. Each letter is looked at once: the standard library's parser looks at what is
never closed again and again.
"""

import re
from html import unescape
from typing import Final

MAX_HTML: Final = 500_000  # characters that are looked at
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_LINES: Final = frozenset(
    {"address", "article", "br", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"}
    | {"li", "ol", "p", "pre", "section", "table", "tr", "ul", "blockquote"}
)
_HIDDEN: Final = frozenset({"head", "script", "style", "template", "title"})


def text_of(html: str) -> str:
    """Return the text of HTML: a line for each block, quotations with a > before them."""
    html = html[:MAX_HTML]
    lines: list[list[str]] = [[]]
    at, n_quotes = 0, 0
    while at < len(html):
        opens = html.find("<", at)
        if opens != at:
            _say(lines[-1], html[at : opens if opens >= 0 else len(html)], is_quoted=n_quotes > 0)
        if opens < 0:
            break
        name, is_end, at = _tag(html, opens)
        if name == "blockquote":
            n_quotes = max(0, n_quotes + (-1 if is_end else 1))
        if name in _LINES:
            lines.append([])
        if not name and at == opens + 1:  # a mere <
            _say(lines[-1], "<", is_quoted=n_quotes > 0)
    said = (re.sub(r"\s+", " ", unescape("".join(line))).strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(said)).strip()


def _tag(html: str, opens: int) -> tuple[str, bool, int]:
    """Return the name of a tag, whether it is one that ends, and where what follows begins."""
    if html.startswith("<!--", opens):
        return "", False, _behind(html, "-->", opens)
    found = _TAG.match(html, opens)
    if not found:
        is_mark = html.startswith(("<!", "<?"), opens)
        return "", False, _behind(html, ">", opens) if is_mark else opens + 1
    name, is_end = found[2].lower(), bool(found[1])
    if name in _HIDDEN and not is_end:  # until its end, whatever stands in it
        ends = re.compile(rf"</{name}", re.IGNORECASE).search(html, opens)
        return name, False, _behind(html, ">", ends.start()) if ends else len(html)
    return name, is_end, _behind(html, ">", opens)


def _behind(html: str, end: str, at: int) -> int:
    found = html.find(end, at)
    return found + len(end) if found >= 0 else len(html)


def _say(line: list[str], said: str, *, is_quoted: bool) -> None:
    if is_quoted and not line and said.strip():
        line.append("> ")
    line.append(said)
