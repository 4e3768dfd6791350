"""Let the person enter another flow as well."""

from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, register
from apps.flows.nodes.flow.other_flow import StartsAnother


@register
class StartFlow(StartsAnother):
    """The person enters another flow and goes their way there, while they go on here at once.

    Nothing that becomes of them there comes back: where the result is wanted, use Sub-flow. The other flow has to be
    switched on, else nobody enters it; its triggers and rules of entry do not count. Two flows that start each other
    are refused: let one raise an event by which the other starts.
    """

    key, title, icon, order = "start-flow", "Start a flow", "play_circle", 95
    effects = Effects.PROFILE  # it begins something for the person: no flow over everybody does
    example = {"flow": "ask-for-review", "payload": {"order_id": "event@properties.order_id"}}

    def run(self, step: Step) -> Move:
        """Start it."""
        return Go(started=(self.started(step),))
