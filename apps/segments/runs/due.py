"""What is due: which segments have to be evaluated now, and for whom. Runs do it; see paging.py."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection

from apps.profiles.models import Dirty
from apps.segments import definitions
from apps.segments.definitions import Definition, Definitions
from apps.segments.models import Reevaluation, Segment
from apps.segments.runs import paging

Kind = Reevaluation.Kind
REST: Final = timedelta(minutes=10)  # before a definition that could not be evaluated is tried again
WAIT_SECS: Final = 10.0
# The transactions that write, and have looked at the version of the definitions.
EVALUATORS = """
SELECT DISTINCT reader.virtualtransaction FROM pg_locks AS reader JOIN pg_locks AS writer USING (pid)
WHERE reader.relation = 'segments_segmentversion'::regclass AND reader.pid <> pg_backend_pid()
AND reader.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND writer.locktype = 'transactionid' AND writer.mode = 'ExclusiveLock' AND writer.granted
"""


class Begun(NamedTuple):
    """How many pages somebody has to work on now, and what happened, in a sentence."""

    n_pages: int
    sentence: str


def begin_due(*, requested_by: str, now: datetime) -> Begun:
    """Begin what waits: segments whose definition changed, and people who were changed; and carry on what lies idle."""
    n_lost = paging.heal(now=now)
    known = definitions.read()
    begun = [_build(known, requested_by=requested_by, now=now)]
    if Dirty.objects.exists():
        begun.append(_begin(Kind.INCREMENTAL, known.segments, requested_by=requested_by, now=now))
    said = [f"{_numbered(n_lost)} put again."] if n_lost else []
    said += [each.sentence for each in begun if each.sentence]
    return Begun(n_lost + sum(each.n_pages for each in begun), " ".join(said) or "Nothing waits.")


def begin_full(keys: Iterable[str] = (), *, requested_by: str, now: datetime) -> Begun:
    """Evaluate everybody for some segments, or for those that depend on time, and for those that ask about them.

    Raises KeyError for a segment that has no condition, or is switched off.
    """
    known = definitions.read()
    wanted = set(keys)
    unknown = wanted - {each.key for each in known.segments}
    if unknown:
        raise KeyError(*sorted(unknown))
    wanted = wanted or {each.key for each in known.segments if each.is_time_dependent}
    return _begin(Kind.FULL, _with_readers(known, wanted), requested_by=requested_by, now=now)


def _begin(kind: Kind, segments: Iterable[Definition], *, requested_by: str, now: datetime) -> Begun:
    run = paging.begin(kind, segments, requested_by=requested_by, now=now)
    if run is None:
        return Begun(0, f"A run is under way already: {kind.label.lower()}.")
    if not run.n_pages:
        return Begun(0, "No segment depends on time; members were counted.")
    return Begun(run.n_pages, f"A run of {_numbered(run.n_pages)} began: {kind.label.lower()}.")


def _numbered(n_pages: int) -> str:
    return f"{n_pages} page{'' if n_pages == 1 else 's'}"


def _build(known: Definitions, *, requested_by: str, now: datetime) -> Begun:
    unevaluated = Segment.objects.filter(kind=Segment.Kind.CONDITION, is_enabled=True, evaluated_at=None)
    wanted = {key for key, version in unevaluated.values_list("key", "version") if not _rests(key, version, now=now)}
    segments = _with_readers(known, wanted)
    if not segments:
        return Begun(0, "")
    if Reevaluation.objects.filter(kind=Kind.BUILD, finished_at=None).exists():
        return _begin(Kind.BUILD, segments, requested_by=requested_by, now=now)  # counts that it is under way
    if not _older_have_ended():
        return Begun(0, "New definitions wait for transactions that began before.")
    return _begin(Kind.BUILD, segments, requested_by=requested_by, now=now)


def _rests(key: str, version: int, *, now: datetime) -> bool:
    """Tell whether it failed a moment ago; trying again at once would only keep the workers from others."""
    failed = Reevaluation.objects.filter(kind=Kind.BUILD, finished_at__gt=now - REST, problems__has_any_keys=["", key])
    return failed.filter(**{f"segments__{key}": version}).exists()


def _with_readers(known: Definitions, keys: set[str]) -> list[Definition]:
    """Add the segments that ask about these, directly or not; all in the order in which they are evaluated."""
    wanted = set(keys)
    for each in known.segments:
        if each.segments & wanted:
            wanted.add(each.key)
    return [each for each in known.segments if each.key in wanted]


def _older_have_ended() -> bool:
    """Wait until nobody evaluates by definitions that are older than those committed now; see Note [Versions].

    Whoever does has looked at the version in that transaction: PostgreSQL keeps its lock on that table until the end.
    """
    deadline = time.monotonic() + WAIT_SECS
    older = _evaluators()
    while older and time.monotonic() < deadline:
        time.sleep(0.02)
        older &= _evaluators()
    return not older


def _evaluators() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(EVALUATORS)
        return {name for (name,) in cursor.fetchall()}
