"""How one event counts for a profile: what stages and the background task have in common."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from apps.conditions import Matcher
from apps.core import paths
from apps.core.paths import MISSING, Path
from apps.events.computed_traits.definitions import Definitions
from apps.profiles import aggregates
from apps.profiles.aggregates import States


class _Plan(NamedTuple):
    """What is to be done with events of a type: what is read of each, once, and which traits count it."""

    reads: list[tuple[Callable[[object], Any], Path]]
    traits: list["_Due"]


class _Due(NamedTuple):
    """What counting an event for a trait needs, found once."""

    key: str
    version: int
    condition: Matcher | None
    first_day: str  # that counts
    place: int  # of its value; that of the last one, None, for a trait that looks at none
    of: Callable[[str, str, Any], Any]  # the aggregate of one event
    add: Callable[..., None]  # it to the state


class Counter:
    """Counts events by the definitions, in the windows that end today."""

    def __init__(self, definitions: Definitions, *, today: date) -> None:
        self.definitions = definitions
        self.today = today
        self._plans: dict[str, _Plan] = {}

    def count(
        self, states: States, event: Mapping[str, Any], *, time: datetime, event_id: UUID, version: int
    ) -> list[str]:
        """Count an event, and return the keys of the traits for which it counted; none that changed after the version.

        `event` is a tree of the event's type, and at least of the parts that `Definitions.roots` names.
        """
        plan = self._plans.get(event["type"]) or self._plan(event["type"])
        if not plan.traits:
            return []
        values = [*(read(paths.get(event, path)) for read, path in plan.reads), None]
        at, event_name = time.astimezone(UTC).isoformat(), str(event_id)
        day = at[:10]
        counted = []
        for key, since, condition, first_day, place, of, add in plan.traits:
            value = values[place]
            if value is MISSING or since > version or day < first_day:
                continue
            if condition is not None and not condition({"event": event}, now=time):
                continue
            add(states, key, of(at, event_name, value), day)
            counted.append(key)
        return counted

    def _plan(self, event_type: str) -> _Plan:
        plan = self._plans[event_type] = _Plan([], [])
        for trait in self.definitions.of_type(event_type):
            read, days = trait.shape.function.read, trait.shape.days
            if read is not None and (read, trait.path) not in plan.reads:
                plan.reads.append((read, trait.path))
            place = -1 if read is None else plan.reads.index((read, trait.path))
            first_day = aggregates.first_day(days, today=self.today) if days else ""
            of, add = trait.shape.function.of, trait.shape.add
            plan.traits.append(_Due(trait.key, trait.version, trait.condition, first_day, place, of, add))
        return plan
