"""The people of a batch while their rows are held: what nodes read of them, change of them, and what is written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.core.fetch import fetch
from apps.core.snapshot import Snapshot
from apps.core.upsert import update
from apps.events import platform_events
from apps.events.models import EventType
from apps.flows.engine import changes
from apps.flows.engine.moves import Change, Failure, Membership
from apps.flows.engine.step import Setter
from apps.flows.moments import zone_of
from apps.profiles import observing
from apps.profiles.models import Profile
from apps.profiles.observing import Seen
from apps.profiles.room import Room
from apps.segments import language, memberships
from apps.segments.models import Cause, Segment
from apps.segments.stream import evaluation
from apps.segments.stream.evaluation import Subject as Evaluated
from apps.segments.stream.index import Index, current

_SEGMENTS: Final = """
SELECT profile_id, array_agg(key) FROM segments_membership JOIN segments_segment AS s ON s.id = segment_id
WHERE profile_id = ANY(%s) AND left_at IS NULL GROUP BY profile_id
"""
# Whoever changes a profile writes these; and those when what they sum up has changed.
_SUMMARY: Final = frozenset({"email", "name", "is_anonymous"})
_ALWAYS: Final = frozenset({*changes.COLUMNS} - {*changes.CHANGEABLE} - _SUMMARY)


class Nobody:
    """Whom a run without a person is about."""

    profile_id = None
    zone = ""
    scope: Final[Mapping[str, Any]] = {}

    def change(self, changes: Sequence[Change], setter: Setter, now: datetime) -> None:
        """Refuse: there is no profile. Raises Failure."""
        raise Failure("The run is about nobody: there is no profile to change.")

    def say(self, types: Collection[str]) -> None:
        """Refuse: an event is of somebody. Raises Failure."""
        raise Failure("The run is about nobody, of whom no event is raised.")

    def join(self, memberships: Sequence[Membership], setter: Setter, now: datetime) -> None:
        """Refuse: nobody is there to enter a segment. Raises Failure."""
        raise Failure("The run is about nobody, who can be in no segment.")


class Person:
    """Somebody whose row is held."""

    __slots__ = (
        *("_now", "_room", "_scope", "changed", "index", "knows_segments", "observed", "profile", "seen"),
        *("segments", "were_in"),
    )

    def __init__(
        self,
        profile: Profile,
        segments: Iterable[str] | None,
        index: Index,
        *,
        now: datetime,
        observed: Seen | None = None,
    ) -> None:
        self._now = now  # by our clock
        self.profile = profile
        self.knows_segments = segments is not None  # else they were not looked for, as no flow reads them
        self.were_in = frozenset(segments or ())  # the keys of segments
        self.segments = set(self.were_in)  # of those that they are in by now
        self.index = index
        self.seen = index.see(profile)  # what segments read of them, before anything changes
        self.observed = observed  # what others watch, of all people of the batch; null: somebody else tells them
        self.changed: set[str] = set()  # columns
        self._room: Room | None = None
        self._scope: dict[str, Any] | None = None

    @property
    def profile_id(self) -> UUID:
        """The living profile's id."""
        return self.profile.id

    @property
    def entered(self) -> set[str]:
        """The keys of the segments that they are in, and were not."""
        return self.segments - self.were_in

    @property
    def left(self) -> frozenset[str]:
        """The keys of the segments that they were in, and are not any more."""
        return self.were_in - self.segments

    @property
    def has_moved(self) -> bool:
        """Whether they are in other segments than they were."""
        return self.segments != self.were_in

    @property
    def zone(self) -> str:
        """The name of the time zone where they are, empty where nobody knows."""
        found = zone_of(self.profile.aux, self.profile.data)
        return found.key if found else ""

    @property
    def scope(self) -> Mapping[str, Any]:
        """What conditions and templates read of them, as it is now."""
        if self._scope is None:
            self._scope = language.document_of(self.profile, self.segments)
            if not self.knows_segments:  # whoever reads them all the same is to fail, and not to go by none
                del self._scope["profile"]["segments"]
        return self._scope

    def change(self, changed: Sequence[Change], setter: Setter, now: datetime) -> None:
        """Do all of these to the profile, or none. Raises Failure, which says what cannot be."""
        if self._room is None:
            self._room = Room(self.profile.document)
        for path in changes.apply(self.profile, changed, setter=setter, now=self._now, room=self._room):
            self.changed.add(path.partition(".")[0])
        self.changed |= _ALWAYS
        if self._scope is not None and "data" in self.changed:
            # Trees are shared with the row; to make all of it anew would take as long as the change.
            row, shown = self.profile, self._scope["profile"]
            shown["email"], shown["name"], shown["is_anonymous"] = row.email, row.name or None, row.is_anonymous

    def say(self, types: Collection[str]) -> None:
        """Let events of these types be raised. Raises Failure, where somebody has deleted one."""
        check_sayable(types)

    def join(self, memberships: Sequence[Membership], setter: Setter, now: datetime) -> None:
        """Let the person enter segments that go by flows, and leave them. Raises Failure, where one does not."""
        check_by_flows(memberships)
        for each in memberships:
            (self.segments.add if each.is_in else self.segments.discard)(each.segment)
        if self._scope is not None:
            self._scope["profile"]["segments"] = sorted(self.segments)

    def stay(self) -> None:
        """Let them be in the segments that they were in, whatever was to become of that."""
        self.segments, self._scope = set(self.were_in), None


def check_sayable(types: Collection[str]) -> None:
    """Refuse event types that a flow cannot raise. Raises Failure."""
    known = _sayable.get()
    for type in types:
        if type not in known:
            raise Failure(f"There is no event type {type} that a flow can raise.")


def check_by_flows(memberships: Sequence[Membership]) -> None:
    """Refuse segments that do not go by flows. Raises Failure."""
    known = _by_flows.get()
    for each in memberships:
        if each.segment not in known:
            raise Failure(f"The segment {each.segment} does not go by flows, or is switched off.")


def hold(ids: Collection[UUID], *, now: datetime) -> dict[UUID, Person]:
    """Lock people, and return those who are there; two statements."""
    profiles = fetch(Profile, ids, locks=True)
    return _people(profiles, now=now, observed=observing.see(profiles.values(), now=now)) if profiles else {}


def look(ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Person]:
    """Return those who are there, in this order, as they are just now: nobody is locked; two statements."""
    found = fetch(Profile, ids)
    return _people({id: found[id] for id in ids if id in found}, now=now) if found else {}


def _people(profiles: Mapping[UUID, Profile], *, now: datetime, observed: Seen | None = None) -> dict[UUID, Person]:
    segments, index = segments_of(profiles), current.get()
    return {
        id: Person(profile, segments.get(id, ()), index, now=now, observed=observed) for id, profile in profiles.items()
    }


def segments_of(ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the keys of the segments in which people are; one statement, if there is anybody."""
    wanted = list(ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SEGMENTS, [wanted])
        return dict(cursor.fetchall())


def write(people: Iterable[Person], *, now: datetime, chains: Mapping[UUID, int], is_silent: bool = False) -> None:
    """Write what has changed of people, and let them enter and leave segments, by flows and by what these ask about.

    `chains` says of them how many flows in a row have led to that; silently no message goes out because of it.
    """
    changed = [person for person in people if person.changed]
    moved = [person for person in people if person.has_moved]
    columns = set().union(*(person.changed for person in changed))
    if "data" in columns:
        columns |= _SUMMARY
    update(Profile, [person.profile for person in changed], columns)
    if moved:
        _move(moved, now=now, chains=chains, is_silent=is_silent)
    both = {person.profile_id: person for person in (*changed, *moved)}
    _evaluate(both.values(), now=now, chains=chains, is_silent=is_silent)
    _tell(changed, now=now, chains=chains)


def _tell(changed: Iterable[Person], *, now: datetime, chains: Mapping[UUID, int]) -> None:
    """Let those look who observe what people are like: once, as what they saw is of all of a batch."""
    for seen in {id(person.observed): person.observed for person in changed if person.observed}.values():
        observing.tell(seen, now=now, chains=chains)


def _move(people: Sequence[Person], *, now: datetime, chains: Mapping[UUID, int], is_silent: bool) -> None:
    ids = _by_flows.get()
    memberships.change(
        entered=[(ids[key], person.profile_id) for person in people for key in person.entered if key in ids],
        left=[(ids[key], person.profile_id) for person in people for key in person.left if key in ids],
        because=Cause.FLOW,
        now=now,
        is_silent=is_silent,
        chains=chains,
    )


def _evaluate(people: Iterable[Person], *, now: datetime, chains: Mapping[UUID, int], is_silent: bool) -> None:
    """Evaluate people by the segments that read what flows have changed of them, as the pipeline does after events."""
    subjects = []
    for person in people:
        index = person.index
        bits = index.changed(person.seen, person.profile)
        if person.has_moved:
            bits |= index.asking_about(person.segments ^ person.were_in)
        if bits:
            chain = chains.get(person.profile_id, 0)
            subjects.append(Evaluated(person.profile, bits, is_silent=is_silent, chain=chain))
    if subjects:
        evaluation.evaluate(subjects, index, now=now)


def _read_by_flows() -> dict[str, UUID]:
    return dict(Segment.objects.filter(kind=Segment.Kind.FLOW, is_enabled=True).values_list("key", "pk"))


_by_flows: Final = Snapshot(_read_by_flows, of=(Segment,), refresh_secs=5)


def _read_sayable() -> frozenset[str]:
    made = EventType.objects.filter(is_builtin=False).values_list("type", flat=True)
    return platform_events.types() | frozenset(made)


_sayable: Final = Snapshot(_read_sayable, of=(EventType,), refresh_secs=5)
