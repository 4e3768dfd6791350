"""What computed traits say of a profile: values, made from its states."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from apps.profiles import aggregates, scores
from apps.profiles.aggregates import State
from apps.profiles.models import NO_EVENTS, Profile


def value(key: str, state: State) -> Any:
    """Return what a trait says, the scores of an RFM trait included."""
    said = aggregates.value(state)
    return scores.scored(key, said) if state["is"] == scores.FUNCTION else said


def begin(profile: Profile, *, version: int, today: date) -> None:
    """Make a profile ready for events to be counted, by definitions of that version."""
    if profile.computed_version == NO_EVENTS:
        profile.computed_version = version
    if profile.computed_until and profile.computed_until <= today:
        refresh(profile, today=today)


def settle(profile: Profile, keys: Iterable[str]) -> None:
    """Let traits say what their states say, after events were added to these."""
    for key in keys:
        state = profile.computed_states[key]
        profile.computed[key] = value(key, state)
        ends = aggregates.holds_until(state)
        if ends and (profile.computed_until is None or ends < profile.computed_until):
            profile.computed_until = ends


def refresh(profile: Profile, *, today: date) -> bool:
    """Let the values be those of today, and tell whether anything changed; days out of their windows are forgotten."""
    before = (profile.computed_states, profile.computed, profile.computed_until)
    kept = {key: aggregates.expired(state, today=today) for key, state in profile.computed_states.items()}
    profile.computed_states = {key: state for key, state in kept.items() if state is not None}
    profile.computed = {key: value(key, state) for key, state in profile.computed_states.items()}
    ends = map(aggregates.holds_until, profile.computed_states.values())
    profile.computed_until = min((end for end in ends if end), default=None)
    return before != (profile.computed_states, profile.computed, profile.computed_until)
