"""docs/ready-flows.md, made of the ready flows: python -m tests.declares writes it."""

from pathlib import Path

from apps.flows.describing import words
from apps.flows.ready.inventory import WORDS
from apps.flows.ready.ready_flows import Need, ReadyFlow, ready_flows

DOCUMENT = Path(__file__).parent.parent / "docs/ready-flows.md"
MARK = "<!-- What follows is made of the flows: python -m tests.declares writes it. -->\n"


def as_markdown() -> str:
    """Return the document with the flows as they are; what stands before them somebody wrote."""
    head, mark, _ = DOCUMENT.read_text().partition(MARK)
    return head + mark + "".join(map(section, ready_flows().values()))


def section(ready: ReadyFlow) -> str:
    """Write of one: what it does, who enters and leaves, and what it needs."""
    document = ready.file["definition"]
    said = (*words.triggers(document), *words.entry(document), *words.ends(document))
    rows = "".join(f"| {WORDS[need.what].lower()} | `{need.name}` | {told(need)} |\n" for need in ready.needs)
    return (
        f"\n## {ready.name}: `{ready.key}`\n\n{ready.description}\n\n"
        + "".join(f"- {each}\n" for each in said)
        + f"\n| it needs | | what for |\n|---|---|---|\n{rows}"
    )


def told(need: Need) -> str:
    """Say what something is for, and how it is made."""
    made = {"segment": "By flows.", "connection": f"Kind: `{need.kind}`."}.get(need.what, "")
    made = f"By a condition: `{need.condition}`." if need.condition else made
    return f"{need.told} {made}".strip().replace("|", "\\|")
