"""What nodes behind this one are handed."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, template
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.json_checks import check_object

MERGE: Final = "merge"
_MODES: Final = {"replace": "It is this, and nothing else", MERGE: "This is added to it"}


def _check(value: Any) -> None:
    """Let it be an object, or a text that refers to one. Raises ValueError."""
    if not isinstance(value, str):
        check_object(value)


@register
class MakePayload(Node):
    """What nodes behind this one find at payload@ is made: of texts, numbers, and what the flow knows.

    An object may name values one by one, or be a reference to one: event@properties. Filters of templates cut out, put
    together, hash, mask and encode. Where a reference leads to nothing, the payload is an object without entries.
    """

    key, group, title, icon, order = "payload", "data", "Make a payload", "data_object", 10
    has_error_port = True
    example = {
        "payload": {
            "order": "event@properties.order_id",
            "total": "{{ event@properties.items | pluck('price') | sum }}",
            "email_hash": "{{ profile@data.contact.email.main | lower | hash }}",
        },
        "mode": MERGE,
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What it has."""

        payload: Any = template(
            "Payload", check=_check, help='{"total": "event@properties.total"}, or a reference to an object.'
        )
        mode: str = choice("What becomes of the payload", _MODES, default="replace")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._payload = place.value("payload", settings.payload)
        self._merges = settings.mode == MERGE

    def run(self, step: Step) -> Move:
        """Make it."""
        made = self._payload(step.scope)
        if made is None:
            made = {}
        if not self._merges:
            return Go(payload=made)
        if not isinstance(made, dict):
            return Fail("Only an object can be added to the payload.")
        return Go(payload={**(step.payload if isinstance(step.payload, dict) else {}), **made})
