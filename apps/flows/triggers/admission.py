"""Who meets a trigger enters, if the flow's rules let them: their runs are written in the caller's transaction.

The caller holds the profiles: what was before is asked of the runs, which follow merges, and nobody else lets the same
people enter meanwhile. What has no person has no such lock: there the key of a run decides, and where that is not
enough flows are locked, in one order and after all else.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from apps.core.ids import new_id
from apps.flows.engine import chains, state
from apps.flows.engine.graph import Compiled
from apps.flows.models import Run
from apps.flows.runs import entering
from apps.flows.runs.entering import Entry
from apps.flows.triggers import entry, judging
from apps.flows.triggers.entry import Before, Rule, Why
from apps.profiles import consents
from apps.profiles.models import Profile

TOO_DEEP: Final = f"It was stopped: {chains.MOST} flows in a row have started each other, and this would be one more."
_BEFORE: Final = """
SELECT flow_id, profile_id, count(*) FILTER (WHERE status = %s), max(started_at),
    array_agg(DISTINCT original_profile_id)
FROM flows_run WHERE profile_id = ANY(%s) AND flow_id = ANY(%s) AND parent_id IS NULL GROUP BY flow_id, profile_id
"""
_BY_KEY: Final = """
SELECT entry_group, max(started_at) FROM flows_run WHERE entry_group = ANY(%s) GROUP BY entry_group
"""
_LOCK: Final = "SELECT FROM flows_flow WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_OF_NOBODY: Final = """
SELECT flow_id, count(*) FROM flows_run
WHERE flow_id = ANY(%s) AND status = %s AND profile_id IS NULL AND parent_id IS NULL GROUP BY flow_id
"""
Place = tuple[UUID, UUID | None]  # a flow, and a person


@dataclass(slots=True, eq=False)
class Candidate:
    """Somebody who has met a trigger, or nobody in particular."""

    compiled: Compiled
    trigger: str  # the id of it
    profile: Profile | None = None
    raw_id: UUID | None = None  # by which it is known, before any merge
    event: Mapping[str, Any] | None = None
    payload: Any = None
    scope: Mapping[str, Any] = field(default_factory=dict)  # in which the key is looked for
    session_id: UUID | None = None
    occasion: str = ""  # what comes about once for each
    key: str = ""

    @property
    def flow_id(self) -> UUID:
        """The flow's."""
        assert self.compiled.flow_id is not None
        return self.compiled.flow_id

    @property
    def rule(self) -> Rule:
        """The rule of entry."""
        found: Rule = self.compiled.entry.rule
        return found

    @property
    def place(self) -> Place:
        """Where its rule looks at what was before."""
        return self.flow_id, self.profile.id if self.profile else None

    @property
    def origin(self) -> UUID | None:
        """The id by which the person entered, to whom the run goes back when a merge is undone."""
        return (self.raw_id or self.profile.id) if self.profile else None


class Refused(NamedTuple):
    """Somebody who did not enter."""

    candidate: Candidate
    why: Why


@dataclass(slots=True)
class Admitted:
    """Who enters and who does not; the runs are written by `write`."""

    entries: list[tuple[Candidate, Entry]] = field(default_factory=list)
    stopped: list[tuple[Candidate, Entry]] = field(default_factory=list)  # as flows start each other without end
    refused: list[Refused] = field(default_factory=list)


def admit(candidates: Sequence[Candidate], *, now: datetime) -> Admitted:
    """Judge candidates in their order, each knowing of those before it; two statements where rules look at runs."""
    admitted = Admitted()
    fit: list[Candidate] = []
    for each in candidates:
        why = _unfit(each, now=now)
        if why:
            admitted.refused.append(Refused(each, why))
        else:
            fit.append(each)
    before = _before([each for each in fit if entry.asks(each.rule)], now=now)
    for each in fit:
        known = before[each.place] if entry.asks(each.rule) else None
        why = entry.judge(each.rule, known, each.key, now=now) if known is not None else None
        if why:
            admitted.refused.append(Refused(each, why))
        elif chains.of(each.event) >= chains.MOST:
            admitted.stopped.append((each, _entry(each, now=now)))
        else:
            admitted.entries.append((each, _entry(each, now=now)))
            if known is not None:
                known.enter(each.key, now=now)
    return admitted


def write(admitted: Admitted, *, now: datetime) -> set[UUID]:
    """Write the runs of those who enter, and return the ids of those that there were not before; one statement.

    Those that were stopped are written as failed: somebody has to see that flows start each other.
    """
    stopped = {each.id for _, each in admitted.stopped}
    entered = entering.enter([each for _, each in (*admitted.entries, *admitted.stopped)])
    if stopped:
        Run.objects.filter(pk__in=stopped).update(
            status=Run.Status.FAILED, reason=TOO_DEEP, ended_at=now, due_at=None, entry_key=None, entry_group=None
        )
    return entered - stopped


def _unfit(candidate: Candidate, *, now: datetime) -> Why | None:
    """Say why somebody cannot enter, whatever was before; and note their key."""
    wanted, profile = candidate.compiled.consents, candidate.profile
    if wanted and not (profile and consents.all_hold(profile.consents, profile.provenance, wanted, at=now)):
        return Why.CONSENT
    key = judging.key(candidate.compiled, candidate.scope)
    if isinstance(key, Why):
        judging.note_fault(candidate.compiled, key)
        return key
    candidate.key = key
    return None


def _before(candidates: Sequence[Candidate], *, now: datetime) -> dict[Place, Before]:
    """Read what rules look at: runs of the same people, and those of the same keys."""
    found: dict[Place, Before] = defaultdict(Before)
    people = [each for each in candidates if each.profile]
    if people:
        _read_people(people, found)
    nobody = [each for each in candidates if not each.profile and _counts(each)]
    if nobody:
        _read_nobody(nobody, found)
    asked = _groups(candidates, found)
    if asked:
        _read_keys(asked, found)
    return found


def _read_keys(asked: Mapping[UUID, tuple[Place, str]], found: dict[Place, Before]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BY_KEY, [list(asked)])
        for group, started_at in cursor.fetchall():
            place, name = asked[group]
            before = found[place]
            last_at = before.last_of_key.get(name)
            before.last_of_key[name] = max(started_at, last_at or started_at)
            if place[1] is None and not name:
                before.last_at = before.last_of_key[name]


def _read_people(candidates: Iterable[Candidate], found: dict[Place, Before]) -> None:
    flows, people = {each.flow_id for each in candidates}, {each.place[1] for each in candidates}
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [Run.Status.LIVE, list(people), list(flows)])
        for flow_id, profile_id, n_live, last_at, origins in cursor.fetchall():
            found[flow_id, profile_id] = Before(n_live, last_at, {each for each in origins if each})


def _counts(candidate: Candidate) -> bool:
    """Tell whether no key can decide for what has no person."""
    rule = candidate.rule
    return bool(rule.max_live or rule.frequency == "interval")


def _read_nobody(candidates: Iterable[Candidate], found: dict[Place, Before]) -> None:
    flows = {each.flow_id for each in candidates}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(flows)])
        cursor.execute(_OF_NOBODY, [list(flows), Run.Status.LIVE])
        for flow_id, n_live in cursor.fetchall():
            found[flow_id, None].n_live = n_live


def _groups(candidates: Iterable[Candidate], found: Mapping[Place, Before]) -> dict[UUID, tuple[Place, str]]:
    """Name the runs that may stand in the way of each key, by any id that the person entered with before."""
    asked: dict[UUID, tuple[Place, str]] = {}
    for each in candidates:
        known = found.get(each.place)
        for origin in {each.origin, each.place[1], *(known.origins if known else ())}:
            group = entry.group_of(each.flow_id, each.rule, origin, each.key)
            if group:
                asked[group] = (each.place, each.key)
    return asked


def _entry(candidate: Candidate, *, now: datetime) -> Entry:
    compiled, id = candidate.compiled, new_id()
    flow_id, rule, origin = candidate.flow_id, candidate.rule, candidate.origin
    assert compiled.version_id is not None
    begun = state.fresh(compiled.start.id, began=now, event=candidate.event, payload=candidate.payload)
    return Entry(
        id=id,
        flow_id=flow_id,
        version_id=compiled.version_id,
        profile_id=candidate.profile.id if candidate.profile else None,
        original_profile_id=origin,
        state=begun,
        started_at=now,
        trigger=candidate.trigger,
        entry_key=entry.key_of(
            *(flow_id, rule, origin, candidate.key),
            now=now,
            occasion=candidate.occasion and f"{candidate.trigger} {candidate.occasion}",
        ),
        entry_group=entry.group_of(flow_id, rule, origin, candidate.key),
        session_id=candidate.session_id,
        is_traced=id.int % 10_000 < compiled.trace_percent * 100,
    )
