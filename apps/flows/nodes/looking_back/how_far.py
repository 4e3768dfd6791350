"""How far back nodes look, and how they ask for what they find there."""

from datetime import timedelta
from typing import Any, Final

from apps.conditions.values import as_time
from apps.core.typed_settings import duration
from apps.flows.engine.moves import Ask, Failure
from apps.flows.engine.step import Step

DEFAULT: Final = timedelta(days=365)
MOST: Final = 1_000  # events of a person that are looked at


def within() -> Any:
    """Declare how far back a node looks."""
    return duration("Within", default=DEFAULT, help="What happened longer ago does not count.")


def of_session(step: Step) -> timedelta:
    """Return for how long the session of the run has lasted. Raises Failure where it has none."""
    began = as_time((step.scope.get("session") or {}).get("started_at"))
    if began is None:
        raise Failure("The run has no session.")
    return step.now + step.behind - began


def ask(step: Step, kind: Any, within: timedelta, **about: Any) -> Ask:
    """Ask for what has happened within a length of time."""
    return Ask(kind, {"since": (step.now + step.behind - within).isoformat(), **about})


def started_by(step: Step) -> Any:
    """Return the id of the event that started the run; None where that was none."""
    return (step.scope.get("event") or {}).get("id")
