"""Count something of the person."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import template, text
from apps.flows.engine import changes
from apps.flows.engine.moves import Change, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import check_number


@register
class Increment(Node):
    """A number of the profile goes up, or down: a counter, or points. One that is not there yet begins at 0.

    However many flows and workers count at once, nothing is lost. Where the reference leads to nothing it stays as it
    is.
    """

    key, group, title, icon, order = "increment", "profile", "Increment", "exposure_plus_1", 20
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {"field": "traits.points", "by": "{{ event@properties.total | round }}"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What goes up, and by how much."""

        field: str = text("Field", format="path", help="Such as stats.views or traits.points.")
        by: Any = template(
            "By",
            default=1,
            check=check_number,
            help="A number, or a reference to one; it goes down by what is below 0.",
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._path = settings.field.strip().removeprefix("profile@")
        if refusal := changes.refusal(self._path, "add"):
            place.refuse("field", refusal)
        self._by = place.value("by", settings.by)

    def run(self, step: Step) -> Move:
        """Let it go up."""
        by = self._by(step.scope)
        if by is None:
            if step.told is not None:
                step.told["missing"] = [self._path]
            return Go()
        return Go(changes=(Change("add", self._path, by),))
