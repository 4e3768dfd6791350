"""docs/nodes.md, made of what nodes and filters say of themselves: python -m tests.declares writes it."""

from pathlib import Path

from apps.flows.describing import node_pages, old_names
from apps.flows.describing.node_pages import Group, cell
from apps.flows.templates.text_filters import FILTERS

DOCUMENT = Path(__file__).parent.parent / "docs/nodes.md"
MARK = "<!-- What follows is made of what nodes say of themselves: python -m tests.declares writes it. -->\n"
OLD = """
## Old names

Who comes from Tracardi finds each of its nodes here: as one of ours, as something that needs no node, or with a reason
why there is none. Connectors to single vendors are an [HTTP call](#http-call-http-call).
"""


def as_markdown() -> str:
    """Return the document with the filters, and the nodes, as they are; the rest is what somebody wrote."""
    head, mark, _ = DOCUMENT.read_text().partition(MARK)
    before, title, table = head.partition("| filter | gives |\n|---|---|\n")
    after = table[table.index("\n\n") :]
    rows = "".join(f"| `{name}` | {cell(first_line(found.__doc__))} |\n" for name, found in sorted(FILTERS.items()))
    nodes = "".join(map(section, node_pages.groups())) + OLD + old_names.as_markdown()
    return before + title + rows.rstrip("\n") + after + mark + nodes


def section(group: Group) -> str:
    """Write of all nodes of a group."""
    return f"\n## {group.title}\n" + "".join(map(node_pages.as_markdown, group.pages))


def first_line(text: str | None) -> str:
    """Return the first line of a docstring."""
    return (text or "").strip().splitlines()[0]
