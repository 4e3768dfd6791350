"""Fail on purpose."""

from dataclasses import dataclass

from apps.core.typed_settings import text
from apps.flows.engine.moves import End, Move
from apps.flows.engine.step import Step
from apps.flows.models import Run
from apps.flows.node import Node, Place, register


@register
class Error(Node):
    """The run fails here, with all its branches, and says why: for what must not happen.

    Failed runs are counted, and may pause the flow.
    """

    key, group, title, icon, order = "error", "flow", "Error", "error", 100
    ports = ()
    is_end = True
    example = {"reason": "Order {{ event@properties.order_id }} is unknown."}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Why it fails."""

        reason: str = text("Reason", help="For whoever looks at the run; it may have {{ event@properties.order_id }}.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._reason = place.text("reason", settings.reason)

    def run(self, step: Step) -> Move:
        """Fail."""
        return End(Run.Status.FAILED, self._reason(step.scope)[:1_000])
