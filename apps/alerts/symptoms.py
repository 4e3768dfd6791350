"""What can be watched: kinds of alerts, each a file of `kinds/`, with the parameters that it has and how it looks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from apps.collector.health import Health, measure
from apps.core.queue_state import QueuesState
from apps.core.registry import Registry
from apps.events.models import Source

Values = Mapping[str, Any]
NO_SOURCE: Final = "The source that is watched was deleted: choose another one, or delete the alert."


class Unknown(Exception):
    """It cannot be told now: what is open stays so. A message is for who set the alert up, and can do something."""


class Symptom(NamedTuple):
    """That something is not well, of which there may be several: of each source, of each queue."""

    subject: str  # what tells it from the others of its alert; empty where there is one at most
    message: str  # a whole sentence
    least_minutes: int = 0  # for which it must hold, also where the alert itself asks for less


class Shape(StrEnum):
    """What a parameter holds: numbers are whole."""

    NUMBER = "number"
    SWITCH = "switch"
    SOURCE = "source"  # the id of one, or nothing for all
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Param:
    """What an operator says of an alert of a kind; a form has a field for it."""

    name: str
    label: str
    shape: Shape
    default: Any
    hint: str = ""
    least: int = 0
    most: int = 1_000_000
    brief: str = ""  # how a list says it, with {} for the number


@dataclass(frozen=True)
class Facts:
    """What all alerts ask of the platform as it is now; it is measured when the first one asks."""

    now: datetime

    @cached_property
    def health(self) -> Health:
        """What `manage.py status` shows."""
        return measure()

    @property
    def queues(self) -> QueuesState:
        """All queues. Raises Unknown when Valkey is away."""
        if not self.health.has_valkey:
            raise Unknown
        return self.health.queues

    @property
    def counted_until(self) -> datetime:
        """Until when arrivals are counted: what waits in the inbox has arrived, and nobody has counted it."""
        return self.now - timedelta(seconds=self.health.inbox_oldest_secs or 0.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert: in the words of operators, and as a function that looks.

    `look(values, facts)` takes a value for each parameter, and returns what is not well now; it raises Unknown where
    that cannot be told.
    """

    title: str
    about: str
    icon: str  # of Material Symbols
    order: int  # among those to choose from
    params: tuple[Param, ...]
    look: Callable[[Values, Facts], Iterable[Symptom]]

    def values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value for each parameter: what is stored, or what it is where nobody said anything."""
        return {param.name: params.get(param.name, param.default) for param in self.params}


def sources_of(values: Values) -> QuerySet[Source]:
    """Return what is watched: one source, or all. Raises Unknown where that one was deleted."""
    if not values["source"]:
        return Source.objects.all()
    chosen = Source.objects.filter(pk=values["source"])
    if not chosen.exists():
        raise Unknown(NO_SOURCE)
    return chosen


kinds: Final[Registry[Kind]] = Registry("kind of alert", module="kinds")


def register(name: str, kind: Kind) -> None:
    """Make a kind known. Raises ImproperlyConfigured for a second one of the name."""
    kinds.register(name, kind, stacklevel=2)
