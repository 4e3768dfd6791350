"""Where people leave."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, template
from apps.flows.engine.moves import End as Ending
from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step
from apps.flows.models import Run
from apps.flows.node import Node, Place, register

BRANCH, RUN = "branch", "run"
_WHAT: Final = {BRANCH: "This branch; others go on", RUN: "All branches"}


@register
class End(Node):
    """The way is over here. A run has finished once all of its branches have ended, or one ends all of them.

    A branch also ends where no edge leads on; an end says that this is meant. What a sub-flow gives back to the flow
    that called it is said here, too.
    """

    key, group, title, icon, order = "end", "flow", "End", "stop", 20
    ports = ()
    is_end = True
    example = {"ends": "branch"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What ends."""

        ends: str = choice("What ends", _WHAT, default=BRANCH)
        result: Any = template(
            "Result",
            default=None,
            help='JSON for the flow that called this one: {"price": "payload@answer.json.price"}.',
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._ends_all = settings.ends == RUN
        self._result = None if settings.result is None else place.value("result", settings.result)

    def run(self, step: Step) -> Move:
        """End it."""
        result = step.payload if self._result is None else self._result(step.scope)
        return Ending(Run.Status.FINISHED, result=result, is_branch=not self._ends_all)
