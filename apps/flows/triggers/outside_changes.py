"""Fields and consents that change outside of the pipeline let people enter, too: by hand, by a program, by a flow."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from apps.core.fetch import fetch
from apps.flows.triggers import admission, met_triggers, observed, trigger_index
from apps.flows.triggers.happened import Happened, Occurred
from apps.flows.triggers.met_triggers import Met
from apps.flows.triggers.observed import Kind, Observed, Seen
from apps.profiles.models import Profile

CHANGED: Final = "profile-changed"  # in place of an event


class _Seen(NamedTuple):
    observed: list[Observed]
    people: list[tuple[Profile, Seen]]


@dataclass(frozen=True, slots=True)
class Noticing:
    """The observer of flows."""

    wake: Callable[[], None]  # who goes on with runs that have begun, once that is committed

    def see(self, profiles: Iterable[Profile], *, roots: Collection[str], now: datetime) -> _Seen | None:
        """Note what is observed of profiles, in columns of these names only; None: nothing is."""
        looked_at = [each for each in trigger_index.current.get().observed if not roots or _root(each) in roots]
        if not looked_at:
            return None
        return _Seen(looked_at, [(profile, observed.see(looked_at, profile, now=now)) for profile in profiles])

    def tell(self, seen: _Seen, *, chains: Mapping[UUID, int], now: datetime) -> None:
        """Let people enter of whom something that is observed has changed; a few statements, however many they are."""
        changed = [
            (profile.id, each)
            for profile, before in seen.people
            for each in observed.changes(seen.observed, before, profile, now=now)
        ]
        if not changed:
            return
        people = fetch(Profile, {id for id, _ in changed})  # as they are written, with all that conditions read
        met = []
        for id, each in changed:
            said = Occurred(CHANGED, time=now, properties=each.document)
            happened = Happened(said, people[id], raw_id=id, chain=chains.get(id, 0))
            met += [Met(starter, happened, each) for starter in each.starters()]
        candidates = met_triggers.candidates(met, now=now)
        if admission.write(admission.admit(candidates, now=now), now=now):
            self.wake()


def _root(looked_at: Observed) -> str:
    return "consents" if looked_at.kind is Kind.CONSENT else looked_at.name.partition(".")[0]
