"""Settings that several waits have, declared once."""

from datetime import timedelta
from typing import Any, Final

from apps.core.typed_settings import choice, duration, reference, template
from apps.flows.moments import WhenMissing, WhenPast, WhenZoneUnknown
from apps.flows.nodes.world_clocks import PERSON

_PAST: Final = {
    WhenPast.GO_ON: "They go on at once",
    WhenPast.PORT: "They leave by past",
    WhenPast.NEXT_TIME: "They wait for the next time",
}


def resumed_type() -> Any:
    """Declare the event that is raised when somebody goes on."""
    return reference(
        "Event when they go on",
        to="event_type",
        default="",
        help="An event of this type is recorded of the person once the wait is over. Empty: none.",
    )


def resumed_properties() -> Any:
    """Declare the properties of that event."""
    return template(
        "Its properties",
        default=None,
        check=_check_properties,
        help="JSON, which may refer to what the flow knows. Empty: those of the event that started the flow.",
    )


def past(label: str, *offered: WhenPast) -> Any:
    """Declare what becomes of somebody for whom it is too late; the first is usual."""
    return choice(label, {each.value: _PAST[each] for each in offered}, default=offered[0].value)


def missing(label: str) -> Any:
    """Declare what becomes of somebody of whom what is needed is not known."""
    choices = {WhenMissing.PORT.value: "They leave by missing", WhenMissing.GO_ON.value: "They go on at once"}
    return choice(label, choices, default=WhenMissing.PORT.value)


def zone_unknown() -> Any:
    """Declare what becomes of somebody when nobody knows where they are."""
    choices = {
        WhenZoneUnknown.DEFAULT_ZONE.value: "The flow's clocks count",
        WhenZoneUnknown.PORT.value: "They leave by missing",
    }
    return choice(
        "If nobody knows where they are",
        choices,
        default=WhenZoneUnknown.DEFAULT_ZONE.value,
        when=("clocks", PERSON),
    )


def time_out() -> Any:
    """Declare how long something is waited for that may never happen."""
    return duration(
        "At most",
        default=timedelta(days=7),
        most=timedelta(days=400),
        help="Whoever has waited for so long leaves by time_out.",
    )


def _check_properties(value: Any) -> None:
    if value is not None and not isinstance(value, dict):
        raise ValueError("Expected an object, with the properties by name.")
