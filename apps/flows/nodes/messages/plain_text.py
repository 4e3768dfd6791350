"""HTML as a text: what is left of a mail where no HTML is shown."""

import re
from html.parser import HTMLParser
from typing import Final

_SILENT: Final = frozenset({"head", "script", "style", "title", "template"})
_BLOCKS: Final = frozenset(
    {
        *(
            "address",
            "article",
            "blockquote",
            "div",
            "dl",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
        ),
        *("header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"),
    }
)
_BLANKS: Final = re.compile(r"[ \t\r\f\v]*\n[ \t\r\f\v]*")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._n_silent = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in _SILENT:
            self._n_silent += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag in _BLOCKS:
            self.pieces.append("\n\n" if tag != "li" else "\n- ")
        elif tag == "a":
            self._links.append(named.get("href") or "")
        elif tag == "img" and named.get("alt"):
            self.pieces.append(str(named["alt"]))
        elif tag in ("td", "th"):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._n_silent = max(0, self._n_silent - 1)
        elif tag == "a" and self._links:
            href = self._links.pop()
            if href.startswith(("http:", "https:")):
                self.pieces.append(f" ({href})")
        elif tag in _BLOCKS and tag != "li":
            self.pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._n_silent:
            self.pieces.append(re.sub(r"\s+", " ", data))


def plain_text(html: str) -> str:
    """Return what HTML says, with the addresses of links behind their words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = _BLANKS.sub("\n", re.sub(r"[ \t]+", " ", "".join(reader.pieces)))
    return re.sub(r"\n{3,}", "\n\n", text).strip()
