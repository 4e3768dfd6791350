"""Read what some flow has shared."""

from dataclasses import dataclass

from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.data import shared_value
from apps.flows.nodes.results import into, placed


@register
class GetShared(Node):
    """A value that some flow has shared goes into the payload; whoever finds none leaves by not_found.

    Values are there until their time is over, whoever set them: see the node that shares one. Other systems are
    asked by an HTTP call.
    """

    key, group, title, icon, order = "get-shared", "data", "Get a shared value", "cloud_download", 24
    ports = ("found", "not_found")
    has_error_port = True
    example = {"key": "stock-of-{{ event@properties.category }}", "into": "stock"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which value."""

        key: str = shared_value.key()
        into: str = into("shared")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._key, self._into = place.text("key", settings.key), settings.into

    def run(self, step: Step) -> Move:
        """Ask for it."""
        if step.answer is None:
            return Ask("shared", {"key": shared_value.checked(self._key(step.scope))})
        if "value" not in step.answer:
            return Go("not_found")
        return Go("found", payload=placed(step.payload, self._into, step.answer["value"]))
