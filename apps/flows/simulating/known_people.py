"""Somebody as they were at a time, as far as that is known: segments and consents; all else is as it is today."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.flows.engine import changes
from apps.flows.engine.changes import CHANGEABLE
from apps.flows.engine.moves import Change, Membership
from apps.flows.engine.step import Setter
from apps.flows.moments import zone_of
from apps.flows.runs import subjects
from apps.profiles import consents
from apps.profiles.consents import State
from apps.profiles.models import Profile
from apps.segments import language

_OWN: Final = (*CHANGEABLE, "provenance")  # trees of a profile that runs change


class Member(NamedTuple):
    """That somebody was in a segment."""

    segment: str
    entered_at: datetime
    left_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether they were in it at a time."""
        return self.entered_at <= at and (self.left_at is None or at < self.left_at)


class Decision(NamedTuple):
    """What somebody decided about a consent."""

    consent: str
    at: datetime
    is_granted: bool
    valid_until: datetime | None
    event_id: UUID

    def state(self, at: datetime) -> State:
        """Say what the consent is at a time, as far as this says."""
        if not self.is_granted:
            return State.WITHDRAWN
        return State.GIVEN if self.valid_until is None or self.valid_until > at else State.EXPIRED


@dataclass(slots=True, eq=False)
class Known:
    """What is known of somebody; `now` is set as their story goes on."""

    profile: Profile
    now: datetime
    members: Sequence[Member] = ()
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)  # by consent, in the order of time
    _tree: dict[str, Any] | None = None
    _states: Callable[[str, datetime], str] | None = None

    @property
    def tree(self) -> dict[str, Any]:
        """What conditions and templates read of the profile, without segments."""
        if self._tree is None:
            self._tree = language.document_of(self.profile, ())["profile"]
        return self._tree

    @property
    def zone(self) -> str:
        """The name of the time zone where they are, empty where nobody knows."""
        found = zone_of(self.profile.aux, self.profile.data)
        return found.key if found else ""

    def segments(self) -> set[str]:
        """Return the segments that they were in then."""
        return {each.segment for each in self.members if each.holds(self.now)}

    def consent(self, id: str, at: datetime) -> str:
        """Say what a consent was at a time: as the ledger knows it, or, where that says nothing of it, as today."""
        decided = self.decisions.get(id)
        if not decided:
            if self._states is None:
                self._states = consents.states_of(self.profile.consents, self.profile.provenance)
            return self._states(id, at)
        place = bisect_right(decided, at, key=lambda each: each.at)
        return decided[place - 1].state(at) if place else State.NEVER


class Somebody:
    """The person of one run: what its nodes change of them, it sees alone."""

    __slots__ = ("_joined", "_profile", "_tree", "known")

    def __init__(self, known: Known) -> None:
        self.known = known
        self._profile: Profile | None = None  # once it was changed
        self._tree: dict[str, Any] | None = None
        self._joined: dict[str, bool] = {}

    @property
    def profile_id(self) -> UUID:
        """The living profile's id."""
        return self.known.profile.id

    @property
    def zone(self) -> str:
        """The name of the time zone where they are, empty where nobody knows."""
        return self.known.zone

    @property
    def scope(self) -> Mapping[str, Any]:
        """What conditions and templates read of them."""
        segments = self.known.segments()
        for key, is_in in self._joined.items():
            (segments.add if is_in else segments.discard)(key)
        tree = self.known.tree if self._tree is None else self._tree
        return {"profile": {**tree, "segments": sorted(segments)}, "consents": self.known.consent}

    def change(self, changed: Sequence[Change], setter: Setter, now: datetime) -> None:
        """Do all of these to the run's own copy of the profile, or none. Raises Failure, which says what cannot be."""
        if self._profile is None:
            self._profile = _copy(self.known.profile)
        changes.apply(self._profile, changed, setter=setter, now=now)
        self._tree = language.document_of(self._profile, ())["profile"]

    def say(self, types: Collection[str]) -> None:
        """Let events of these types be raised. Raises Failure, where somebody has deleted one."""
        subjects.check_sayable(types)

    def join(self, memberships: Sequence[Membership], setter: Setter, now: datetime) -> None:
        """Let the run see them enter segments that go by flows, and leave them. Raises Failure, where one does not."""
        subjects.check_by_flows(memberships)
        self._joined.update({each.segment: each.is_in for each in memberships})


def _copy(profile: Profile) -> Profile:
    found = Profile.__new__(Profile)
    found.__dict__.update(profile.__dict__)
    for name in _OWN:
        setattr(found, name, deepcopy(getattr(profile, name)))
    return found
