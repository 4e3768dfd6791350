"""All that is known of a person, as a ZIP of JSON and CSV files, written while it is sent: no copy is left here."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.audit import Actor
from apps.profiles import burial, ledger
from apps.profiles.holdings import Holding, Person, holdings, person_of
from apps.profiles.models import PrivacyRequest

CHUNK_BYTES: Final = 64 * 1024
# A spreadsheet takes such a text for a formula, and runs it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_README: Final = """\
This archive holds all that is known of a person here, as of {at:%d %B %Y, %H:%M} UTC.
Request {request}, reference: {reference}.

Each file comes twice: as JSON, for programs, and as CSV, for spreadsheets. Times are in UTC.

{files}
"""


class _Pipe(io.RawIOBase):
    """What the archive is written to: a buffer that is emptied as it fills."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.n_waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self.n_waiting += len(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        self.n_waiting = 0
        return taken


def begin(profile_id: UUID, *, reference: str, actor: Actor, at: datetime) -> tuple[PrivacyRequest, Person]:
    """Record that somebody exports all of a person's data, and gather by what it is found.

    `profile_id` may be any that they ever had. Raises Profile.DoesNotExist, and ledger.NotYet while others merge this
    person.
    """
    with transaction.atomic():
        person = person_of(ledger.locked_one(profile_id))
        request = PrivacyRequest.objects.create(
            kind=PrivacyRequest.Kind.EXPORT,
            subject=burial.burial_id(person.id),
            reference=reference,
            requested_by=actor.name,
            requested_at=at,
        )
        audit.record("exported", actor=actor, at=at, object=request)
    return request, person


def stream(person: Person, request: PrivacyRequest) -> Iterator[bytes]:
    """Yield the archive in parts, and note at the end how many rows of what it holds."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(request))
        for holding in holdings.values():
            for _ in _write_json(archive, holding, person, request):
                if pipe.n_waiting > CHUNK_BYTES:
                    yield pipe.take()
            for _ in _write_csv(archive, holding, person):
                if pipe.n_waiting > CHUNK_BYTES:
                    yield pipe.take()
    yield pipe.take()
    request.finished_at = timezone.now()
    request.save(update_fields=["counts", "finished_at"])


def _readme(request: PrivacyRequest) -> str:
    files = "\n".join(f"- {holding.name}: {holding.title}." for holding in holdings.values())
    return _README.format(at=request.requested_at, request=request.pk, reference=request.reference, files=files)


def _write_json(archive: zipfile.ZipFile, holding: Holding, person: Person, request: PrivacyRequest) -> Iterator[None]:
    n_rows = 0
    with archive.open(f"{holding.name}.json", "w", force_zip64=True) as file:
        for row in holding.rows(person):
            file.write(b",\n" if n_rows else b"[\n")
            file.write(orjson.dumps(row))
            n_rows += 1
            yield
        file.write(b"\n]\n" if n_rows else b"[]\n")
    request.counts[holding.name] = n_rows


def _write_csv(archive: zipfile.ZipFile, holding: Holding, person: Person) -> Iterator[None]:
    with (
        archive.open(f"{holding.name}.csv", "w", force_zip64=True) as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text)
        for index, row in enumerate(holding.rows(person)):
            if index == 0:
                writer.writerow(row)
            writer.writerow([_cell(value) for value in row.values()])
            yield


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
