"""Keep how much the person cares about something."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, template, text
from apps.flows.engine.moves import Change, Failure, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import check_number
from apps.flows.nodes.profile.named_keys import below
from apps.profiles import conversions

_OPERATIONS: Final = {"add": "goes up by", "subtract": "goes down by", "equals": "is set to"}


@register
class ScoreInterest(Node):
    """The score of an interest goes up or down, or is set. What the interest is called may come from the event.

    Scores are numbers in the profile: interests.shoes, which segments may ask about and other nodes rank. One that is
    not there yet begins at 0. However many flows and workers score at once, nothing is lost. Where the points lead to
    nothing the score stays as it is; whoever brings no name leaves by error.
    """

    key, group, title, icon, order = "score-interest", "profile", "Score an interest", "favorite", 24
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {"interest": "{{ event@properties.category | slug }}", "points": 5}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which interest, and what becomes of its score."""

        interest: str = text("Interest", help="Its name: shoes, or {{ event@properties.category | slug }}.")
        operation: str = choice("Its score", _OPERATIONS, default="add")
        points: Any = template("Points", default=1, check=check_number, help="A number, or a reference to one.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._operation = settings.operation
        self._interest = place.text("interest", settings.interest)
        self._points = place.value("points", settings.points)

    def run(self, step: Step) -> Move:
        """Score it."""
        path, points = below("interests", self._interest(step.scope)), self._points(step.scope)
        if points is None:
            if step.told is not None:
                step.told["missing"] = [path]
            return Go()
        return Go(changes=(Change(self._operation, path, _number(points)),))


def _number(points: Any) -> int | float:
    try:
        return conversions.number(points)
    except ValueError:
        raise Failure("The points are no number.") from None
