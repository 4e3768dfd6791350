"""What the nodes of Tracardi are called here, for whoever comes from there: in docs/nodes.md, and in the admin.

A line of old_names.txt is `old name: what it becomes`, with our nodes as {key}; `# ` begins a part.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from apps.flows.describing.node_pages import cell
from apps.flows.node import kinds

_FILE: Final = Path(__file__).parent / "old_names.txt"
_NODE: Final = re.compile(r"\{([\w-]+)\}")


class Old(NamedTuple):
    """A node of before."""

    part: str
    name: str
    text: str

    @property
    def nodes(self) -> list[str]:
        """The keys of ours that it names."""
        return _NODE.findall(self.text)

    def linked(self, link: Callable[[str], str]) -> str:
        """Return the text, with what leads to each node in the place of its key."""
        return _NODE.sub(lambda found: link(found[1]), self.text)


@cache
def told() -> tuple[Old, ...]:
    """Read the file."""
    found, part = list[Old](), ""
    for line in filter(None, _FILE.read_text().splitlines()):
        name, colon, text = line.partition(": ")
        if line.startswith("# "):
            part = line.removeprefix("# ")
        elif colon:
            found.append(Old(part, name, text))
        else:
            raise ValueError(f"old_names.txt: {line!r} says nothing.")
    return tuple(found)


def found(wanted: str) -> list[Old]:
    """Return those in whose names each word that somebody looks for begins a word; none, where nothing is said."""
    words = wanted.casefold().split()
    return [old for old in told() if words and all(_begins(word, old.name.casefold()) for word in words)]


def leading_to(key: str) -> list[str]:
    """Return the old names that lead to one of our nodes first of all."""
    return [old.name for old in told() if old.nodes[:1] == [key]]


def as_markdown() -> str:
    """Write the table, by its parts."""
    text, part = "", ""
    for each in told():
        if each.part != part:
            part = each.part
            text += f"\n### {part}\n\n| there | here |\n|---|---|\n"
        text += f"| {each.name} | {cell(each.linked(_in_document))} |\n"
    return text


def _begins(word: str, name: str) -> bool:
    return any(each.startswith(word) for each in re.split(r"[^\w]+", name))


def _in_document(key: str) -> str:
    """Return a link to our node, as it stands in the document."""
    anchor = re.sub(r"[^\w\- ]", "", f"{kinds[key].title} {key}".lower()).replace(" ", "-")
    return f"[{kinds[key].title}](#{anchor})"
