"""Records of people: each stays with the raw id of whom it came with, so that it goes back when a merge is undone."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from apps.core.fetch import new
from apps.core.ids import digest
from apps.core.upsert import upsert
from apps.flows.models import PersonRecord
from apps.flows.runs.answers import Asked, answering
from apps.profiles import ledger

REPLACE, COMPLETE, DELETE = "replace", "complete", "delete"
MOST: Final = 200  # records of a person
MOST_BYTES: Final = 8_000  # of one, as JSON
_FULL: Final = f"The person has {MOST} records already."
_LONG: Final = f"The record has more than {MOST_BYTES:,} bytes."
_Records = Mapping[UUID, Sequence[PersonRecord]]


@answering("records")
def records(questions: Sequence[Asked]) -> list[Any]:
    """Return for each the records of the person that it asks for, the latest first."""
    found = _found(questions)
    return [[_shown(row) for row in _asked_for(found, asked)] for asked in questions]


@answering("record", keeps=True)
def record(questions: Sequence[Asked]) -> list[Any]:
    """Save records, and delete some. Nobody is asked about twice: runs of a person ask one after the other."""
    found, saved, gone = _found(questions), list[PersonRecord](), list[UUID]()
    told: list[Mapping[str, Any]] = []
    for asked in questions:
        if asked.about["do"] == DELETE:
            gone += [row.pk for row in _of_name(found, asked)]
            told.append({})
            continue
        row = _saved(found, asked)
        refused = _refused(row, found, asked)
        told.append({"refused": refused} if refused else {})
        saved += [] if refused else [row]
    upsert(PersonRecord, saved)
    if gone:
        PersonRecord.objects.filter(pk__in=gone).delete()
    return told


def _found(questions: Sequence[Asked]) -> _Records:
    """Read all that the people have, by their living profiles, the latest first; two statements."""
    people = {asked.subject.profile_id for asked in questions if asked.subject.profile_id}
    owners = ledger.owners(people) if people else {}
    found: dict[UUID, list[PersonRecord]] = defaultdict(list)
    for row in PersonRecord.objects.filter(profile_id__in=owners).order_by("-set_at", "-pk") if owners else ():
        found[owners[row.profile_id]].append(row)
    return found


def _of_name(found: _Records, asked: Asked) -> Iterable[PersonRecord]:
    about = asked.about
    kept = found.get(asked.subject.profile_id, ()) if asked.subject.profile_id else ()
    return (row for row in kept if row.kind == about["kind"] and about["name"] in (None, row.name))


def _asked_for(found: _Records, asked: Asked) -> Collection[PersonRecord]:
    """Return of each name the latest, as several are there once people who had it were merged."""
    latest: dict[str, PersonRecord] = {}
    for row in _of_name(found, asked):
        latest.setdefault(row.name, row)
    return latest.values()


def _saved(found: _Records, asked: Asked) -> PersonRecord:
    about, raw_id = asked.about, asked.run.original_profile_id or asked.subject.profile_id
    before = next(iter(_asked_for(found, asked)), None) if about["do"] == COMPLETE else None
    return new(
        PersonRecord,
        id=digest("record", str(raw_id), about["kind"], about["name"]),
        profile_id=raw_id,
        kind=about["kind"],
        name=about["name"],
        data={**(before.data if before else {}), **about["data"]},
        set_at=asked.now,
    )


def _refused(row: PersonRecord, found: _Records, asked: Asked) -> str:
    assert asked.subject.profile_id
    if len(orjson.dumps(row.data)) > MOST_BYTES:
        return _LONG
    kept = Counter(each.pk == row.pk for each in found.get(asked.subject.profile_id, ()))
    return _FULL if not kept[True] and kept[False] >= MOST else ""


def _shown(row: PersonRecord) -> dict[str, Any]:
    return {"name": row.name, "data": row.data, "saved_at": row.set_at.isoformat()}
