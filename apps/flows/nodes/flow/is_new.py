"""Two ways: whether somebody has just come for the first time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from apps.conditions.values import as_time
from apps.core.typed_settings import choice, duration
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register

PERSON, SESSION = "profile", "session"
_WHAT: Final = {PERSON: "The person", SESSION: "The session"}
_SINCE: Final = {PERSON: "first_seen_at", SESSION: "started_at"}


@register
class IsNew(Node):
    """Whoever was new with the event that started the run leaves by new: nothing was known of them from before it.

    Of a session it is the same: the event was its first. It stays so for the whole run, however long that waits. In a
    run that no event started nobody is new.
    """

    key, group, title, icon, order = "is-new", "flow", "Is new", "fiber_new", 36
    ports = ("new", "known")
    example = {"what": "session"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Who."""

        what: str = choice("What", _WHAT, default=PERSON)
        grace: timedelta = duration(
            "Grace",
            default=timedelta(seconds=10),
            most=timedelta(days=1),
            help="What was first seen so shortly before is new, too: a page tells of several things at once.",
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings

    def run(self, step: Step) -> Move:
        """Compare."""
        said = self._settings
        began = _time(step.scope.get(said.what), _SINCE[said.what])
        event = step.scope.get("event") or {}
        happened = _time(event, "time") if event.get("id") else None
        if began is None or happened is None:
            return Go("known")
        return Go("new" if happened - began <= said.grace else "known")


def _time(found: Mapping[str, Any] | None, name: str) -> datetime | None:
    return as_time((found or {}).get(name))
