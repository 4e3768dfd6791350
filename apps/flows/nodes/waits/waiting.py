"""What all waits have in common: the event when somebody goes on, whose clocks count, and what is done without them."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from apps.flows.definition.references import refusal_of_raised
from apps.flows.engine.moves import Awaited, Go, Move, Raised, Skipped, Stay, TimedOut
from apps.flows.engine.step import Step
from apps.flows.moments import WhenMissing, WhenPast, WhenZoneUnknown, named_zone
from apps.flows.node import ERROR, Node, Place
from apps.flows.nodes import world_clocks
from apps.flows.nodes.world_clocks import PERSON

OUT: Final = "out"
PAST: Final = "past"
MISSING: Final = "missing"
TIME_OUT: Final = "time_out"
_LATE: Final = timedelta(minutes=1)


class Waiting(Node):
    """A node in which time passes; once the wait is over it may say so by an event."""

    group = "waits"
    is_wait = True

    def __init__(self, settings: Any, place: Place) -> None:
        self.settings = settings
        if settings.event_type and not place.is_stored and (refusal := refusal_of_raised(settings.event_type)):
            place.refuse("event_type", refusal)
        self._properties = None if settings.properties is None else place.value("properties", settings.properties)

    @classmethod
    def ports_of(cls, settings: Any) -> tuple[str, ...]:
        """Return those by which people leave with these settings, also for what cannot be, where one is chosen."""
        chosen = {name for name in (PAST, "missing", "zone_unknown") if getattr(settings, name, "") == WhenPast.PORT}
        if not cls.may_lack(settings):
            chosen.discard("missing")
        return (*cls.ports, *([PAST] if PAST in chosen else []), *([MISSING] if chosen - {PAST} else []), ERROR)

    @classmethod
    def may_lack(cls, settings: Any) -> bool:
        """Tell whether they need something of a person that may not be known."""
        return True

    def go_on(self, step: Step, port: str = OUT, *, took: Mapping[str, Any] | None = None) -> Go:
        """Return that somebody leaves: the wait is over, perhaps by an event."""
        return Go(port, payload=took, raised=self._raised(step), took=took)

    def lacks(self, step: Step, how: WhenMissing) -> Go:
        """Return what becomes of somebody of whom what is needed is not known."""
        return Go(MISSING) if how == WhenMissing.PORT else self.go_on(step)

    def _raised(self, step: Step) -> tuple[Raised, ...]:
        if not self.settings.event_type or step.subject.profile_id is None:
            return ()
        if self._properties is None:
            return (Raised(self.settings.event_type, _object((step.scope.get("event") or {}).get("properties"))),)
        return (Raised(self.settings.event_type, _object(self._properties(step.scope))),)


class OpenWait(Waiting):
    """A wait for something that may never happen: whoever has waited for long enough leaves by a port of its own."""

    ports = (OUT, TIME_OUT)

    def run(self, step: Step) -> Move:
        """Let them go on when it is over, one way or the other; else look."""
        if isinstance(step.wake, Skipped):
            return self.go_on(step)
        deadline = datetime.fromisoformat(step.kept["until"]) if step.kept else step.now + self.settings.time_out
        return self.look(step, deadline)

    @abstractmethod
    def look(self, step: Step, deadline: datetime) -> Move:
        """Say what becomes of somebody who waits until then at most."""

    def times_out(self, step: Step, deadline: datetime) -> bool:
        """Tell whether they have waited for long enough, or somebody lets the time come."""
        is_early = step.now < datetime.fromisoformat(step.kept["woken"]) if step.kept else False
        return isinstance(step.wake, TimedOut) and (step.now >= deadline or is_early)

    def stay(self, deadline: datetime, *events: Awaited, look_at: datetime | None = None, **kept: Any) -> Stay:
        """Let them wait for events, and until they are to be looked at again."""
        until = min(look_at, deadline) if look_at else deadline
        return Stay(
            until=until, events=events, kept={**kept, "until": deadline.isoformat(), "woken": until.isoformat()}
        )


class MomentWait(Waiting):
    """A wait until clocks of the world show something; whoever skips it goes on at once.

    A pause of the flow that moves everybody's time does not move such a moment. Whoever missed it by that, standing
    still, looks at the clock again; so does who has moved to other clocks meanwhile.
    """

    is_dated: ClassVar[bool] = True  # it waits for a moment of the calendar, and not for so long
    looks_again: ClassVar[bool] = False  # whoever is woken late does so as well

    def run(self, step: Step) -> Move:
        """Let them wait until then, or say what becomes of them where that cannot be."""
        if isinstance(step.wake, Skipped):
            return self.go_on(step)
        is_over = step.wake is not None and self._is_over(step)
        if is_over and not self.is_dated:
            return self.go_on(step)
        zone = self._zone(step)
        if is_over and not self._has_moved(step, zone):
            return self.go_on(step)
        if zone is None:
            return Go(MISSING)
        move = self.look(step, world_clocks.now(step), zone)
        if isinstance(move, Stay):
            return replace(move, kept={**move.kept, "zone": zone.key})
        return self.go_on(step) if is_over else move

    @abstractmethod
    def look(self, step: Step, clock: datetime, zone: ZoneInfo) -> Move:
        """Say what becomes of somebody, by the time of the world and the clocks that count."""

    def stay(self, step: Step, moment: datetime) -> Stay:
        """Let somebody wait until a moment of the world."""
        kept = {"moment": moment.isoformat(), "behind": step.behind.total_seconds()}
        return Stay(until=moment - step.behind, kept=kept, is_dated=self.is_dated)

    def _is_over(self, step: Step) -> bool:
        if not self.is_dated:
            return True
        late = _late(step)
        has_stood_still = late > _LATE and step.kept["behind"] != step.behind.total_seconds()
        # Who is early was let go by somebody, whatever the clock says.
        return late < timedelta() or not (self.looks_again or has_stood_still)

    def _has_moved(self, step: Step, zone: ZoneInfo | None) -> bool:
        """Tell whether other clocks count than when they came to wait for a day; not of who was let go on early."""
        return zone is not None and step.kept["zone"] != zone.key and _late(step) >= timedelta()

    def is_late(self, step: Step) -> Go:
        """Return what becomes of somebody for whom the moment is past, if they are not to wait for the next."""
        return Go(PAST) if self.settings.past == WhenPast.PORT else self.go_on(step)

    def _zone(self, step: Step) -> ZoneInfo | None:
        said = self.settings
        leaves = said.clocks == PERSON and said.zone_unknown == WhenZoneUnknown.PORT
        return None if leaves and named_zone(step.subject.zone) is None else world_clocks.zone_of(step, said.clocks)


def _late(step: Step) -> timedelta:
    """Say how long after the moment it is."""
    return world_clocks.now(step) - datetime.fromisoformat(step.kept["moment"])


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
