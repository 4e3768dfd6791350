"""Let another flow do a part."""

from apps.flows.engine.moves import Fail, Go, Move, Returned, Skipped, Stay
from apps.flows.engine.step import Step
from apps.flows.models import Run
from apps.flows.node import register
from apps.flows.nodes.flow.other_flow import StartsAnother

_WELL = (Run.Status.FINISHED, Run.Status.GOAL)


@register
class SubFlow(StartsAnother):
    """The person goes through another flow, and comes back here when that is over: a part that several flows share.

    The other flow has to be switched on; its triggers and rules of entry do not count. Its result is the payload here.
    People leave by stopped where it ended before it had finished, as by an exit rule; where it failed, by error.
    """

    key, title, icon, order = "sub-flow", "Sub-flow", "account_tree", 90
    ports = ("out", "stopped")
    is_wait = True
    example = {"flow": "confirm-address", "payload": {"reason": "event@properties.reason"}}

    def run(self, step: Step) -> Move:
        """Start it, wait for its end, and go on as it ended."""
        if isinstance(step.wake, Returned):
            return self._after(step.wake)
        if isinstance(step.wake, Skipped):
            return Go("stopped")
        return Stay(until=None, child=self.started(step))

    def _after(self, ended: Returned) -> Move:
        if ended.status in _WELL:
            return Go(payload=ended.payload)
        if ended.status == Run.Status.FAILED:
            return Fail(f"The flow {self._flow} failed: {ended.reason}")
        return Go("stopped")
