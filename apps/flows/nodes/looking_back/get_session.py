"""Fetch an earlier session of the person."""

from dataclasses import dataclass
from datetime import timedelta

from apps.core.typed_settings import number
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.looking_back import how_far
from apps.flows.nodes.results import into, placed


@register
class GetSession(Node):
    """An earlier session of the person goes into the payload: the latest one, or one before it.

    It is there as session@ is: payload@session.started_at, payload@session.utm.campaign. The session in which the flow
    was started does not count: session@ has it. Whoever has no other session leaves by not_found.
    """

    key, group, title, icon, order = "get-session", "past", "Get an earlier session", "manage_history", 30
    ports = ("found", "not_found")
    has_error_port = True
    needs_person = True
    example = {"nth": 1, "into": "session"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which session."""

        nth: int = number("Which one", least=1, most=20, default=1, help="1 is the latest, 2 the one before it.")
        within: timedelta = how_far.within()
        into: str = into("session")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings

    def run(self, step: Step) -> Move:
        """Ask for it."""
        said, own = self._settings, (step.scope.get("session") or {}).get("id")
        if step.answer is None:
            return how_far.ask(step, "past_session", said.within, most=said.nth + 1)
        found = [session for session in step.answer if own is None or session.get("id") != own]
        if len(found) < said.nth:
            return Go("not_found")
        return Go("found", payload=placed(step.payload, said.into, found[said.nth - 1]))
