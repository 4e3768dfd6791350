"""What there is to read of each kind of node: one source for docs/nodes.md, the admin's pages and the command line."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Final, NamedTuple

from django.utils.text import capfirst

from apps.conditions.nearest import nearest
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import read, settings_of
from apps.core.typed_settings.described import Row, rows_of
from apps.core.typed_settings.items import Items
from apps.flows.changing.portable import written
from apps.flows.node import Effects, Node, kinds

# As in lists.
_GROUPS: Final = (
    *("waits", "messages", "flow", "profile", "past", "data"),  # what marketers look for most comes first
    *("time", "place", "teams", "outside", "on-page"),
)
_EFFECTS: Final = {
    Effects.PURE: "It changes nothing.",
    Effects.ANSWERS: "It changes nothing: it answers whoever waits at the page.",
    Effects.COUNTS: "It changes nothing but what is counted.",
    Effects.KEEPS: "It changes what flows have kept.",
    Effects.SEGMENTS: "It lets the person enter segments, or leave them.",
    Effects.PROFILE: "It changes the person.",
    Effects.EXTERNAL: "It sends something out of the house.",
}


class Page(NamedTuple):
    """What there is to read of a kind of node."""

    key: str
    group: str
    title: str
    icon: str
    about: tuple[str, ...]  # lines as they are written; an empty one between paragraphs
    ports: tuple[str, ...]  # with the example's settings
    effects: str  # sentences
    settings: tuple[Row, ...]
    example: str  # JSON


class Group(NamedTuple):
    """Kinds of nodes that belong together, in their order."""

    key: str
    title: str
    pages: tuple[Page, ...]


def groups() -> list[Group]:
    """Return all kinds of nodes; groups of other packages come last."""
    order = {key: number for number, key in enumerate(_GROUPS)}
    keys = sorted({kind.group for kind in kinds.values()}, key=lambda key: (order.get(key, len(order)), key))
    return [_group(key) for key in keys]


def found(wanted: str) -> list[Group]:
    """Return those kinds whose pages have the most of the words that somebody looks for; all, where nothing is said."""
    words, there = set(wanted.casefold().split()), groups()
    most = max(_hits(page, words) for group in there for page in group.pages)
    if words and not most:
        return []
    left = [group._replace(pages=tuple(page for page in group.pages if _hits(page, words) == most)) for group in there]
    return [group for group in left if group.pages]


def named(key: str) -> Page:
    """Return the page of a kind. Raises DefinitionError for one that there is not."""
    if key not in kinds:
        meant = nearest(key, kinds)
        raise DefinitionError("key", f"There is no node {key}." + (f" Did you mean {meant}?" if meant else ""))
    return _page(kinds[key])


def as_markdown(page: Page) -> str:
    """Write a page as documents have it."""
    ports = ", ".join(f"`{port}`" for port in page.ports) or "none"
    about = "\n".join(page.about)
    table = "".join(f"| `{row.name}` | {row.kind} | {row.default} | {cell(row.told)} |\n" for row in page.settings)
    settings = f"\n| setting | is | if it is not said | |\n|---|---|---|---|\n{table}" if table else ""
    return (
        f"\n### {page.title}: `{page.key}`\n\n{about}\n\nPorts: {ports}. {page.effects}\n{settings}\n"
        f"```json\n{page.example}\n```\n"
    )


def cell(text: str) -> str:
    """Keep what would end a cell of a table from doing so."""
    return text.replace("|", "\\|")


def _hits(page: Page, words: set[str]) -> int:
    told = [page.key, page.title, *page.about, *(text for row in page.settings for text in row)]
    text = " ".join(told).casefold()
    return sum(word in text for word in words)


def _group(key: str) -> Group:
    found = sorted((kind for kind in kinds.values() if kind.group == key), key=lambda kind: (kind.order, kind.key))
    package = import_module(found[0].__module__.rpartition(".")[0] or found[0].__module__)
    told = (package.__doc__ or "").strip().partition("\n")[0].rstrip(".") if key in _GROUPS else ""
    return Group(key, told or capfirst(key), tuple(map(_page, found)))


def _page(kind: type[Node]) -> Page:
    person = " It is for runs of people alone." if kind.needs_person else ""
    return Page(
        kind.key,
        kind.group,
        kind.title,
        kind.icon,
        tuple(inspect.cleandoc(kind.__doc__ or "").splitlines()),
        kind.ports_of(read(kind.Settings, kind.example)),
        _EFFECTS[kind.effects] + person,
        tuple(_rows(kind.Settings)),
        written({"id": "n1", "kind": kind.key, "settings": dict(kind.example)}),
    )


def _rows(cls: type, above: str = "") -> Iterator[Row]:
    """Yield a row for each setting, and for those of which a list of objects is made."""
    for row, setting in zip(rows_of(cls), settings_of(cls), strict=True):
        yield Row(above + row.name, row.kind, "" if row.default == "none" else row.default, row.told)
        if isinstance(setting.kind, Items):
            yield from _rows(setting.kind.of, f"{above}{row.name}.")
