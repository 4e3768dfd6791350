"""Segments whose members are named one by one, by a list that somebody brings."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.models import AuditEntry
from apps.profiles import dirty, ledger
from apps.profiles.lookup import ids_of, people_of
from apps.segments import definitions, memberships
from apps.segments.list_files import Choice, Line, ListError, ListFile
from apps.segments.models import Cause, Membership, Segment

CHUNK: Final = 1_000  # lines, or people, of a transaction
SHOWN: Final = 1_000  # lines that are reported one by one; all are counted


class Mode(Enum):
    """What a list means for the segment."""

    ADD = "add"  # these, too
    REPLACE = "replace"  # these, and nobody else
    REMOVE = "remove"  # not these


@dataclass(slots=True)
class Report:
    """What became of a list."""

    n_lines: int = 0
    n_entered: int = 0
    n_left: int = 0
    n_unknown: int = 0
    n_ambiguous: int = 0
    unknown: list[Line] = field(default_factory=list)  # name nobody
    ambiguous: list[Line] = field(default_factory=list)  # name several people, and therefore nobody

    @property
    def n_found(self) -> int:
        """The lines that named one person."""
        return self.n_lines - self.n_unknown - self.n_ambiguous

    def note(self, line: Line, *, is_ambiguous: bool) -> None:
        """Note a line that could not be followed."""
        if is_ambiguous:
            self.n_ambiguous += 1
        else:
            self.n_unknown += 1
        noted = self.ambiguous if is_ambiguous else self.unknown
        if len(noted) < SHOWN:
            noted.append(line)


def read(file: Iterable[str], *, column: str = "") -> Iterator[Line]:
    """Yield the names in a list, one a line, of a column that is named or numbered, or of the first one.

    Empty lines are skipped. Raises ListError for what is no CSV, or has no such column.
    """
    found = ListFile(file)
    yield from found.names(found.chosen(column) if column else Choice())


def take(segment: Segment, lines: Iterable[Line], *, mode: Mode, actor: Actor, now: datetime) -> Report:
    """Let people enter or leave a segment as a list says, chunk by chunk; what names nobody stops nobody else.

    The audit log has how many it were, also where it broke off.

    Safe to repeat. Raises ListError for a segment that does not go by lists, where nobody would be left, and while
    others keep merging people of the list.
    """
    turn = _Turn(segment, mode, actor, now)
    kept: set[bytes] = set()  # the ids of all who are on a list that replaces another: some 70 bytes each
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        ids = turn.follow(chunk)
        if mode is Mode.REPLACE:
            kept.update(id.bytes for id in ids)
    if mode is Mode.REPLACE:
        for ids in _others(segment, kept):
            turn.remove(ids, kept)
    return turn.report


def replacing(segment: Segment, lines: Iterable[Line]) -> tuple[Report, int]:
    """Tell who is found in a list that is to replace all members, and how many would leave; change nothing.

    Raises ListError where nobody is found.
    """
    report, kept, rest = Report(), set[bytes](), iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        kept.update(id.bytes for id in _named(chunk, people_of(_texts(chunk)), report))
    return report, sum(len(ids) for ids in _others(segment, kept))


class _Turn:
    """The members of a segment while a list changes them, and what came of it."""

    def __init__(self, segment: Segment, mode: Mode, actor: Actor, now: datetime) -> None:
        if segment.kind != Segment.Kind.LIST:
            message = f"The segment {segment.key} goes {segment.get_kind_display().lower()}."
            raise ListError(message)
        if not segment.is_enabled:
            message = f"The segment {segment.key} is switched off: nobody enters or leaves."
            raise ListError(message)
        self.segment = segment
        self.mode = mode
        self.actor = actor
        self.now = now
        self.report = Report()
        self.entry: AuditEntry | None = None
        self.is_asked_about = any(segment.key in each.segments for each in definitions.read().segments)

    def follow(self, lines: list[Line]) -> list[UUID]:
        """Let those enter or leave whom lines name, and return them; the others are noted."""
        found = ids_of(_texts(lines))
        with transaction.atomic():
            living = _locked(set().union(*found.values()))
            people = {text: {living[id] for id in ids if id in living} for text, ids in found.items()}
            named = _named(lines, people, self.report)
            self._let(named, is_in=self.mode is not Mode.REMOVE)
        return named

    def remove(self, members: list[UUID], kept: set[bytes]) -> None:
        """Let members leave, but for those who are kept by an id of theirs that was merged into them since."""
        with transaction.atomic():
            living = set(_locked(members).values())
            staying = {owner for id, owner in ledger.owners(living).items() if id.bytes in kept}
            self._let(sorted(living - staying), is_in=False)

    def _let(self, living: Iterable[UUID], *, is_in: bool) -> None:
        """Let people whom the caller holds enter or leave.

        Those are evaluated again whom other segments ask about this one.
        """
        pairs = [(self.segment.pk, id) for id in living]
        changed = memberships.change(
            entered=pairs if is_in else (),
            left=() if is_in else pairs,
            because=Cause.LIST,
            now=self.now,
            is_silent=False,
        )
        if self.is_asked_about:
            dirty.mark(change.profile_id for change in (*changed.entered, *changed.left))
        self.report.n_entered += len(changed.entered)
        self.report.n_left += len(changed.left)
        self._record()

    def _record(self) -> None:
        """Note in the audit log how many have entered and left until now."""
        figures = {"entered": self.report.n_entered, "left": self.report.n_left}
        if self.entry is None:
            told = {"name": self.segment.key, "list": self.mode.value, **figures}
            self.entry = audit.record("changed", actor=self.actor, at=self.now, object=self.segment, **told)
        else:
            self.entry.details |= figures
            self.entry.save(update_fields=["details"])


def _texts(lines: list[Line]) -> set[str]:
    return {text for _, text in lines}


def _locked(ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Lock people, and return who they are now, {id: living id}; some are no more. Raises ListError."""
    try:
        return {id: row.id for id, row in ledger.locked(ids, columns=["id"]).items()}
    except ledger.Moved:
        message = "Others are merging people of this list. Please try again in a minute: what was done stays so."
        raise ListError(message) from None


def _named(lines: list[Line], people: Mapping[str, set[UUID]], report: Report) -> list[UUID]:
    """Return whom lines name, given whom each text does; those that name nobody, or several, are noted."""
    named: list[UUID] = []
    for line in lines:
        report.n_lines += 1
        found = people[line[1]]
        if len(found) == 1:
            named += found
        else:
            report.note(line, is_ambiguous=bool(found))
    return named


def _others(segment: Segment, kept: set[bytes]) -> Iterator[list[UUID]]:
    """Yield the members who are not among some people, page by page, in the order of their ids.

    Raises ListError where they are all: a list of nobody is a wrong file or column, not a wish.
    """
    if not kept:
        message = "The list names nobody who is known, so it replaces nobody: all stay as they are."
        raise ListError(message)
    members = Membership.objects.filter(segment=segment, left_at=None).order_by("profile_id")
    last: UUID | None = None
    while True:
        after = members.filter(profile_id__gt=last) if last else members
        page = list(after.values_list("profile_id", flat=True)[:CHUNK])
        if not page:
            return
        last = page[-1]
        others = [id for id in page if id.bytes not in kept]
        if others:
            yield others
