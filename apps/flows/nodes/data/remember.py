"""Note something for the rest of the run."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import template
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.json_checks import check_object


@register
class Remember(Node):
    """Values are noted under names, for all nodes that come later in the run, on whatever branch: memory@name.

    A payload is handed from node to node; memory stays until the run is over. A name that is there already is noted
    anew.
    """

    key, group, title, icon, order = "remember", "data", "Remember", "bookmark_add", 20
    has_error_port = True
    example = {"memory": {"segments": "profile@segments", "total": "event@properties.total"}}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is noted."""

        memory: Any = template("Memory", check=check_object, help='An object: {"total": "event@properties.total"}.')

    def __init__(self, settings: Settings, place: Place) -> None:
        self._memory = place.value("memory", settings.memory)

    def run(self, step: Step) -> Move:
        """Note it."""
        return Go(memory=self._memory(step.scope))
