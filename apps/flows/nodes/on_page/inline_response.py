"""Answer whoever tracks."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import template
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import check_object


@register
class InlineResponse(Node):
    """Whoever tracked the event gets data with the answer: a variant, a recommendation, whether to show something.

    It does something in flows that answer inline, for requests whose `options` say `"answer": true`, and has to stand
    before what takes time. Of several nodes the later ones add to what the earlier ones say. Pages see it: answer
    nothing that they may not know.
    """

    key, group, title, icon, order = "inline-response", "on-page", "Inline response", "reply", 10
    effects = Effects.ANSWERS
    has_error_port = True
    example = {"response": {"variant": "b", "plan": "profile@traits.plan"}}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is answered."""

        response: Any = template(
            "Response",
            check=check_object,
            help='{"variant": "b", "name": "{{ profile@data.pii.firstname | default(\'\') }}"}',
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._response = place.value("response", settings.response)

    def run(self, step: Step) -> Move:
        """Answer."""
        return Go(response=self._response(step.scope))
