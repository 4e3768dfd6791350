"""What all nodes have in common that let the page show something: where that is, and the widget around its blocks."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from apps.core.typed_settings import choice, duration, text, yes_no
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, Scope

DIALOG, BANNER, SLOT = "dialog", "banner", "slot"
_PLACES: Final = {DIALOG: "Over the page", BANNER: "Along an edge of the page", SLOT: "At a place of the page"}
_EDGES: Final = {"top": "Above", "bottom": "Below"}


def edge(**common: Any) -> Any:
    """Declare along which edge of the page something is shown."""
    return choice("Edge", _EDGES, default="bottom", **common)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Where it is shown."""

    place: str = choice("Where it is shown", _PLACES, default=DIALOG)
    edge: str = edge(when=("place", BANNER))
    slot: str = text("Place", max_length=100, when=("place", SLOT), help='That of data-cdp-slot="..." on the page.')
    can_be_closed: bool = yes_no("It can be closed", default=True)
    hides_after: timedelta | None = duration(
        "It disappears after", default=None, most=timedelta(hours=1), help="Empty: it stays."
    )


class Showing(Node):
    """A node whose widget people may use: what they do is tracked by the page."""

    group = "on-page"
    effects = Effects.ANSWERS
    has_error_port = True

    def __init__(self, settings: Any, place: Place) -> None:
        self.settings = settings

    @classmethod
    def raised_by(cls, settings: Any) -> tuple[str, ...]:
        """Return nothing: that its event is tracked is what people do."""
        return ()

    @abstractmethod
    def blocks(self, step: Step) -> Sequence[dict[str, Any]]:
        """Return what is in it, as far as it can be said. Raises Failure."""

    def run(self, step: Step) -> Move:
        """Let the page show it."""
        said = self.settings
        where: dict[str, Any] = {BANNER: {"edge": said.edge}, SLOT: {"slot": said.slot}}.get(said.place, {})
        if said.hides_after:
            where["hides_after_secs"] = int(said.hides_after.total_seconds())
        return show(step, self.blocks(step), place=said.place, **where, can_be_closed=said.can_be_closed)


def texts_of(place: Place, **said: str) -> Callable[[Scope], dict[str, str]]:
    """Compile texts of settings by their names; filling them returns all of them."""
    fills = {name: place.text(name, each) for name, each in said.items()}
    return lambda scope: {name: fill(scope) for name, fill in fills.items()}


def show(step: Step, blocks: Sequence[dict[str, Any]], **how: Any) -> Go:
    """Let the page show a widget, as docs/collect.md describes it."""
    id = f"{step.run_id}:{step.node}:{step.visit}"
    return Go(ux=({"type": "widget", "id": id, **how, "blocks": list(blocks)},))
