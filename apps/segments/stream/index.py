"""Which segments something concerns: from fields and event types to the definitions that read them.

Sets of definitions are bits of a number, in the order in which they are evaluated: the pipeline asks for each profile.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from apps.conditions import Context, truth
from apps.core.ids import NIL
from apps.core.snapshot import Snapshot
from apps.events import platform_events
from apps.profiles.models import Profile
from apps.segments import definitions, language
from apps.segments.definitions import Definition, Definitions
from apps.segments.models import Segment, SegmentVersion
from apps.segments.stream.past_events import Past

Bits = int
Seen = tuple[Any, ...]  # the values of the fields of an index, in a profile
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tier:
    """Definitions that can be evaluated together: those without history first, then those with it."""

    without: Bits
    with_history: Bits


def places(bits: Bits) -> Iterator[int]:
    """Yield the places of the bits, in the order in which they are evaluated."""
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


class Index:
    """The definitions, and all that is known of them before anybody is evaluated."""

    def __init__(self, found: Definitions) -> None:
        self.version = found.version
        ranks = _ranks(found.segments)
        self.segments = sorted(found.segments, key=lambda each: (ranks[each.key], each.has_history))  # it is stable
        self.everything: Bits = (1 << len(self.segments)) - 1
        self.with_history = self._where(lambda each: each.has_history)
        self.tiers = list(self._tiers(ranks))
        self.tests = [truth(each.condition) for each in self.segments]
        self.names = [str(each.id) for each in self.segments]
        self.keys = {str(id): key for key, id in found.ids.items()}
        self.composed = self._where(lambda each: each.segments)
        self.readers = [self._where(lambda each, key=of.key: key in each.segments) for of in self.segments]
        self.leading_to_history = self._leading_to(self.with_history)
        self.past = Past(self.segments)
        fields = sorted({field for each in self.segments for field in each.fields}, key=str)
        self.parts = language.parts_of(fields)  # all that the tests look at
        self._fields = [
            (language.reader_of(field), self._where(lambda each, field=field: field in each.fields)) for field in fields
        ]
        self.reading_primary_id = self._where(lambda each: any(f.keys[0] == "primary_id" for f in each.fields))
        self._any_type = self._where(lambda each: each.reads.any_event_type)
        self._types = self._by_type()
        self.nothing = self.see(_NOBODY)
        self.of_nobody = self._where(_may_match_nobody)

    def _tiers(self, ranks: dict[str, int]) -> Iterator[Tier]:
        for rank in sorted(set(ranks.values())):
            together = self._where(lambda each, rank=rank: ranks[each.key] == rank)
            yield Tier(together & ~self.with_history, together & self.with_history)

    def _leading_to(self, found: Bits) -> Bits:
        """Add the segments that these ask about, directly or not."""
        for place in reversed(range(len(self.segments))):
            if self.readers[place] & found:
                found |= 1 << place
        return found

    def _where(self, test: Any) -> Bits:
        return reduce(or_, (1 << place for place, each in enumerate(self.segments) if test(each)), 0)

    def _by_type(self) -> dict[str, Bits]:
        """Find what asks about past events, by their type; the platform's own are asked about by their name alone."""
        own = platform_events.types()
        named = own.union(*(each.reads.event_types for each in self.segments))
        found = {type: self._where(lambda each, type=type: type in each.reads.event_types) for type in named}
        for type in named - own:
            found[type] |= self._any_type
        return found

    def see(self, profile: Profile) -> Seen:
        """Note what the fields are that any definition reads; later changes of the profile do not show in it."""
        return tuple([read(profile) for read, _ in self._fields])

    def changed(self, before: Seen, profile: Profile) -> Bits:
        """Return what reads fields that are not any more what they were."""
        found = 0
        for old, (read, readers) in zip(before, self._fields, strict=True):
            new = read(profile)
            if new is not old and (new != old or type(new) is not type(old)):
                found |= readers
        return found

    def asking_about(self, keys: Collection[str]) -> Bits:
        """Return what asks whether somebody is in one of the segments of these keys."""
        return self._where(lambda each: not each.segments.isdisjoint(keys))

    def happened(self, types: Iterable[str]) -> Bits:
        """Return what asks about past events of these types."""
        found = 0
        for type in types:
            found |= self._types.get(type, self._any_type)
        return found


def _ranks(segments: Iterable[Definition]) -> dict[str, int]:
    """Number the tiers: what asks about a segment with history is evaluated after the statement that evaluates that."""
    by_key: dict[str, Definition] = {}
    ranks: dict[str, int] = {}
    for each in segments:  # in order of dependency
        asked = [by_key[key] for key in each.segments if key in by_key]
        ranks[each.key] = max((ranks[other.key] + other.has_history for other in asked), default=0)
        by_key[each.key] = each
    return ranks


_NOBODY: Final = Profile(id=NIL)


def _may_match_nobody(definition: Definition) -> bool:
    """Tell whether somebody of whom nothing is known may belong to the segment: they are then evaluated in any case."""
    document = language.document_of(_NOBODY, ())
    context = Context(_LONG_AGO, language.history(()))
    return definition.is_time_dependent or truth(definition.condition)(document, context) is True


def _read() -> Index:
    return Index(definitions.read())


current: Final = Snapshot(_read, of=(Segment, SegmentVersion), refresh_secs=5)
