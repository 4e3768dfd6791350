"""What computed traits say of a profile: values, made from its tallies."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from apps.profiles import scores, tallies
from apps.profiles.models import NO_EVENTS, Profile
from apps.profiles.tallies import State


def value(key: str, state: State) -> Any:
    """Return what a trait says, the scores of an RFM trait included."""
    said = tallies.value(state)
    return scores.scored(key, said) if state["is"] == scores.FUNCTION else said


def begin(profile: Profile, *, edition: int, today: date) -> None:
    """Make a profile ready for events to be counted, by definitions of that edition."""
    if profile.computed_edition == NO_EVENTS:
        profile.computed_edition = edition
    if profile.computed_until and profile.computed_until <= today:
        refresh(profile, today=today)


def settle(profile: Profile, keys: Iterable[str]) -> None:
    """Let traits say what their tallies say, after events were added to these."""
    for key in keys:
        state = profile.tallies[key]
        profile.computed[key] = value(key, state)
        ends = tallies.holds_until(state)
        if ends and (profile.computed_until is None or ends < profile.computed_until):
            profile.computed_until = ends


def refresh(profile: Profile, *, today: date) -> bool:
    """Let the values be those of today, and tell whether anything changed; days out of their windows are forgotten."""
    before = (profile.tallies, profile.computed, profile.computed_until)
    kept = {key: tallies.expired(state, today=today) for key, state in profile.tallies.items()}
    profile.tallies = {key: state for key, state in kept.items() if state is not None}
    profile.computed = {key: value(key, state) for key, state in profile.tallies.items()}
    ends = map(tallies.holds_until, profile.tallies.values())
    profile.computed_until = min((end for end in ends if end), default=None)
    return before != (profile.tallies, profile.computed, profile.computed_until)
