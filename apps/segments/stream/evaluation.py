"""The people of a batch are evaluated: only by the segments that something concerns, and all of them together.

The caller holds the rows of these people, and has stored what they did. Past events are read by one statement, and
looked at in memory: planning a query for each condition would take longer. People with very many are left to SQL.
The number of statements depends on the depth to which segments ask about each other, and on nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.conditions import Context, History
from apps.profiles import ledger
from apps.profiles.models import Profile
from apps.segments import language, memberships
from apps.segments.memberships import Pair
from apps.segments.models import Cause
from apps.segments.stream.index import Bits, Index, current, places

MAX_EVENTS = 20_000  # of all people of a batch together, that are read to be evaluated in memory

# The version comes first, in the same look: whoever is evaluated by an older one would be missed by a rebuild.
_LOOK = """
SELECT number, {beside}, profile_id::text, segments
FROM (SELECT coalesce(max(number), 0) AS number FROM segments_segmentversion) AS version LEFT JOIN (
    SELECT profile_id, string_agg(segment_id::text, ',') AS segments FROM segments_membership
    WHERE profile_id = ANY(%s) AND left_at IS NULL GROUP BY profile_id
) AS open ON true
"""


@dataclass(slots=True)
class Subject:
    """Somebody who is evaluated, and by what."""

    profile: Profile
    bits: Bits
    is_silent: bool = False
    chain: int = 0  # how many flows in a row have led to what changed of them
    own: set[str] = field(default_factory=set)  # ids of the segments that they are in
    history: History | None = None  # their past events, if there are few
    evaluable: Bits = -1  # all, but for history while events have still to follow a merge


@dataclass(slots=True)
class Result:
    """Who enters and who leaves, before it is written."""

    entered: list[Pair] = field(default_factory=list)
    left: list[Pair] = field(default_factory=list)


def evaluate(subjects: list[Subject], index: Index, *, now: datetime, beside: str = "NULL") -> Any:
    """Let people enter and leave segments. If the definitions have changed, those of now count, all of them.

    See Note [Versions] in definitions.py. Return what the SQL `beside` says, which the same statement asks: what else
    has to be known of the moment at which these people are held.
    """
    version, asked = _look(subjects, beside)
    if version != index.version:
        index = current.latest()
        for subject in subjects:
            subject.bits = index.everything
        _look(subjects)  # at all of them, now that all are concerned
    _Evaluation(subjects, index, now).run()
    return asked


def _look(subjects: list[Subject], beside: str = "NULL") -> tuple[int, Any]:
    """Read the segments that people are in, and return the number of the version, and what is asked beside."""
    by_id = {str(subject.profile.id): subject for subject in subjects}
    with connection.cursor() as cursor:
        cursor.execute(_LOOK.format(beside=beside), [[subject.profile.id for subject in subjects if subject.bits]])
        rows = cursor.fetchall()
    for _, _, profile_id, segments in rows:
        if profile_id:
            by_id[profile_id].own = set(segments.split(","))
    version, asked = rows[0][:2]  # the same in all rows, of which there is one at least
    return version, asked


class _Evaluation:
    """One batch on its way through the tiers."""

    def __init__(self, subjects: Iterable[Subject], index: Index, now: datetime) -> None:
        self.subjects = [subject for subject in subjects if subject.bits]
        self.index = index
        self.now = now
        self.results = {is_silent: Result() for is_silent in (False, True)}
        self.chains = {subject.profile.id: subject.chain for subject in self.subjects if subject.chain}

    def run(self) -> None:
        """Evaluate tier after tier, and write what has changed."""
        self._recall()
        for tier in self.index.tiers:
            for subject in self.subjects:
                bits = tier.with_history | tier.without if subject.history else tier.without
                if subject.bits & bits:
                    self._evaluate_in_memory(subject, bits)
            asked = self._asked_by_sql(tier.with_history) if tier.with_history else {}
            if asked:
                self._evaluate_by_sql(asked)
        self._write()

    def _recall(self) -> None:
        """Read the past events of those who may be asked for them, those with the fewest first."""
        concerned = [subject for subject in self.subjects if subject.bits & self.index.leading_to_history]
        if not concerned:
            return
        unmoved = ledger.unmoved(subject.profile.id for subject in concerned)
        room, few = MAX_EVENTS, []
        for subject in sorted(concerned, key=lambda each: each.profile.event_count):
            if subject.profile.id in unmoved:
                subject.evaluable = ~self.index.with_history
                continue
            room -= subject.profile.event_count
            if room >= 0:
                few.append(subject)
        histories = self.index.past.of([subject.profile.id for subject in few], now=self.now) if few else {}
        for subject in few:
            subject.history = language.history(histories.get(subject.profile.id, ()))

    def _evaluate_in_memory(self, subject: Subject, bits: Bits) -> None:
        """Evaluate in order; what reads a segment that changes comes after it, and joins in."""
        index, tests, names, own = self.index, self.index.tests, self.index.names, subject.own
        bits &= subject.evaluable
        waiting, context = subject.bits & bits, Context(self.now, subject.history)
        # Few ask about other segments; of what changes below, those who do will know.
        own_keys = [index.keys[id] for id in own if id in index.keys] if waiting & index.composed else ()
        document = language.document_of(subject.profile, own_keys, parts=index.parts)
        while waiting:
            lowest = waiting & -waiting
            place = lowest.bit_length() - 1
            is_match = tests[place](document, context) is True
            if is_match is not (names[place] in own) and self._settle(subject, place, is_in=is_match):
                document["profile"]["segments"] = sorted(index.keys[id] for id in own if id in index.keys)
                subject.bits |= index.readers[place]
                waiting |= subject.bits & bits & -lowest
            waiting &= ~lowest

    def _settle(self, subject: Subject, place: int, *, is_in: bool) -> bool:
        """Note that somebody enters or leaves; whoever came into a sticky segment stays."""
        definition = self.index.segments[place]
        if not is_in and definition.is_sticky:
            return False
        result = self.results[subject.is_silent or not definition.is_built]
        pair = (definition.id, subject.profile.id)
        if is_in:
            subject.own.add(self.index.names[place])
            result.entered.append(pair)
        else:
            subject.own.discard(self.index.names[place])
            result.left.append(pair)
        return True

    def _asked_by_sql(self, bits: Bits) -> dict[int, list[Subject]]:
        """List whom each definition with history concerns, of those whose events are too many to read."""
        asked: dict[int, list[Subject]] = {}
        for subject in self.subjects:
            if subject.history is None and subject.bits & bits & subject.evaluable:
                for place in places(subject.bits & bits & subject.evaluable):
                    asked.setdefault(place, []).append(subject)
        return asked

    def _evaluate_by_sql(self, asked: dict[int, list[Subject]]) -> None:
        """Evaluate all that are asked in one statement, after what it reads of memberships has been written."""
        if any(self.index.segments[place].segments for place in asked):
            self._write()
        parts: list[str] = []
        params: list[Any] = []
        for place, subjects in asked.items():
            ids = [subject.profile.id for subject in subjects]
            sql, of_sql = self.index.segments[place].to_sql(now=self.now, profile_ids=ids)
            parts.append(f"SELECT {place}, p.id FROM profiles_profile AS p WHERE p.id = ANY(%s) AND {sql}")  # noqa: S608
            params += [ids, *of_sql]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), params)
            matches = set(cursor.fetchall())
        for place, subjects in asked.items():
            for subject in subjects:
                is_match = (place, subject.profile.id) in matches
                is_other = is_match is not (self.index.names[place] in subject.own)
                if is_other and self._settle(subject, place, is_in=is_match):
                    subject.bits |= self.index.readers[place]

    def _write(self) -> None:
        for is_silent, result in self.results.items():
            if result.entered or result.left:
                memberships.change(
                    entered=result.entered,
                    left=result.left,
                    because=Cause.EVENT,
                    now=self.now,
                    is_silent=is_silent,
                    chains=self.chains,
                )
        self.results = {is_silent: Result() for is_silent in (False, True)}
