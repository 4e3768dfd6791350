"""Wait for an event of the person: of that order, that cart, that ticket."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from apps.core.typed_settings import choice, condition, duration, mapping, reference
from apps.flows.engine.matching import check_paths, text_of
from apps.flows.engine.moves import Ask, Awaited, Met, Move
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import OpenWait

ARRIVAL, ENTRY, BEFORE = "arrival", "entry", "before"
PARTS: Final = ("properties", "traits", "context")  # of an event, by which it may be joined
MAX_PAST: Final = 20  # latest ones that are looked at


def _check_match(said: Mapping[str, str]) -> None:
    """Refuse paths that lead nowhere in an event. Raises ValueError."""
    for path in said:
        part, _, rest = path.partition(".")
        if part not in PARTS or not rest:
            message = (
                f"'{path[:80]}' leads nowhere in an event: begin with {', '.join(PARTS)}, as in properties.order_id."
            )
            raise ValueError(message)
    check_paths(said)


@register
class WaitForEvent(OpenWait):
    """Let the person wait until they do something: until an event of a type comes of them.

    It may have to say the same as what started the flow, such as the order's number, and to meet a condition, in which
    event@ is the one that has come. What was done before the person came here may count, too. Whoever goes on by out
    has that event as payload: payload@properties.total. Whoever waits in vain leaves by time_out. An edge that leads
    back here waits for the next event. What people do while workers are late is not missed.
    """

    key, title, icon, order = "wait-for-event", "Wait for an event", "hourglass_top", 60
    needs_person = True
    example = {
        "awaits": "order-completed",
        "match": {"properties.order_id": "event@properties.order_id"},
        "counts_from": "entry",
        "time_out": "1 hour",
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which events, and until when."""

        awaits: str = reference("Event", to="event_type", help="Its type.")
        match: dict[str, str] = mapping(
            "Joined by",
            default={},
            max_items=10,
            check=_check_match,
            help="What it has to say: properties.order_id: event@properties.order_id. Compared as texts.",
        )
        missing: str = declared.missing("If one of these references leads to nothing")
        condition: str = condition("Only if", default="", help="event@ is the event that has come.")
        counts_from: str = choice(
            "What counts",
            {
                ARRIVAL: "What comes from now on",
                ENTRY: "What has come since the flow was started, too",
                BEFORE: "What has come before, too, for so long",
            },
            default=ARRIVAL,
        )
        look_back: timedelta = duration(
            "So long", most=timedelta(days=400), help="Before the person came here.", when=("counts_from", BEFORE)
        )
        time_out: timedelta = declared.time_out()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._match = {path: place.value(f"match.{path}", said) for path, said in settings.match.items()}
        self._condition = place.condition("condition", settings.condition) if settings.condition.strip() else None

    @classmethod
    def awaited_by(cls, settings: Settings) -> tuple[str, ...]:
        """Return the type that it names."""
        return (settings.awaits,)

    @classmethod
    def may_lack(cls, settings: Settings) -> bool:
        """Tell whether it is joined to anything."""
        return bool(settings.match)

    def look(self, step: Step, deadline: datetime) -> Move:
        """Look at what has come; else wait for it."""
        found = self._first(step, self._come(step))
        if found is not None:
            return self.go_on(step, took=found)
        if self.times_out(step, deadline):
            return self.go_on(step, "time_out")
        match = step.kept["match"] if step.kept else self._wanted(step)
        if match is None:
            return self.lacks(step, self.settings.missing)
        if step.wake is None and step.answer is None and (since := self._since(step)):
            return Ask("past_event", {"type": self.settings.awaits, "match": match or None, "most": MAX_PAST, **since})
        return self.stay(deadline, Awaited(self.settings.awaits, match or None), match=match)

    def _wanted(self, step: Step) -> dict[str, str] | None:
        """Return what an event has to say, or None where that is not known."""
        said = {path: text_of(value(step.scope)) for path, value in self._match.items()}
        found = {path: text for path, text in said.items() if text is not None}
        return found if len(found) == len(said) else None

    def _since(self, step: Step) -> dict[str, str]:
        """Say since when events count that have come already; nothing where none of these do."""
        clock = step.now + step.behind
        if self.settings.counts_from == BEFORE:
            return {"since": (clock - self.settings.look_back).isoformat()}
        said = (step.scope.get("event") or {}).get("time")
        started = datetime.fromisoformat(said) if isinstance(said, str) else clock
        if self.settings.counts_from == ENTRY:
            return {"since": started.isoformat()}
        if step.due_at is None:
            return {}
        due_at = step.due_at + step.behind
        return {"since": min(started, due_at).isoformat(), "stored_since": due_at.isoformat()}

    def _come(self, step: Step) -> Iterable[Mapping[str, Any]]:
        if isinstance(step.wake, Met):
            return step.wake.events
        found: Sequence[Mapping[str, Any]] = step.answer or ()
        if self.settings.counts_from != ARRIVAL:
            return found
        # Of what came together with what started the flow, or with what was waited for before, what was said later.
        begun = max(_place(step.scope.get("event") or {}), _place(step.took or {}))
        return [event for event in reversed(found) if _place(event) > begun]

    def _first(self, step: Step, events: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        begun = (step.scope.get("event") or {}).get("id")
        for event in events:
            if "id" in event and (event["id"] == begun or event["id"] in step.met):
                continue  # it is another one that is waited for
            if self._condition is None or self._condition(replace(step, scope={**step.scope, "event": event})):
                return event
        return None


def _place(event: Mapping[str, Any]) -> tuple[str, str]:
    """Say where an event is in the order of its person's: times are texts of UTC, and ids grow."""
    return event.get("time", ""), event.get("id", "")
