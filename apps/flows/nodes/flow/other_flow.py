"""What the nodes have in common that let the person enter another flow."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import reference, template
from apps.flows.engine.moves import Started
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place


@dataclass(frozen=True, kw_only=True)
class OtherFlow:
    """Which flow, and what it is handed."""

    flow: str = reference("Flow", to="flow")
    payload: Any = template("Payload", default=None, help="What its payload@ begins with. Empty: the payload here.")


class StartsAnother(Node):
    """A node by which somebody enters another flow, whose triggers and rules of entry do not count."""

    group = "flow"
    has_error_port = True
    Settings = OtherFlow

    def __init__(self, settings: OtherFlow, place: Place) -> None:
        self._flow = settings.flow
        self._payload = None if settings.payload is None else place.value("payload", settings.payload)

    def started(self, step: Step) -> Started:
        """Return which flow begins for them, and with what."""
        return Started(self._flow, step.payload if self._payload is None else self._payload(step.scope))
