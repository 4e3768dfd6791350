"""What may stand in a draft: each kind of trigger and of node, what it is for, and one to begin with."""

from typing import Any, NamedTuple

from apps.core.typed_settings import settings_of
from apps.flows.changing.portable import written
from apps.flows.definition import everybody
from apps.flows.definition.parts import TRIGGERS, Trigger
from apps.flows.describing import node_pages
from apps.flows.node import kinds


class Offered(NamedTuple):
    """A kind of trigger or node, for whoever writes a draft."""

    title: str
    about: str
    example: str  # JSON
    node: str = ""  # the key of a kind of nodes


def triggers() -> list[Offered]:
    """Return all kinds of triggers, each with all that it may say."""
    return [Offered(name.capitalize(), _about(kind), written(_trigger_of(kind))) for name, kind in TRIGGERS.items()]


def nodes(*, over_everybody: bool = False) -> list[Offered]:
    """Return all kinds of nodes that a flow may have, those that belong together beside each other."""
    pages = [page for group in node_pages.groups() for page in group.pages]
    fitting = [page for page in pages if not over_everybody or everybody.fits(kinds[page.key])]
    return [Offered(page.title, page.about[0], page.example, page.key) for page in fitting]


def _about(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _trigger_of(kind: type[Trigger]) -> dict[str, Any]:
    asked = [each for each in settings_of(kind) if each.name != "id"]
    return {"id": "t1", "kind": kind.kind, **{each.name: "" if each.is_required else each.default for each in asked}}
