"""The members of a segment as a table for other programs."""

import csv
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from apps.profiles.models import Profile
from apps.segments.models import Membership, Segment

PAGE: Final = 2_000
HARMLESS: Final = ("id", "country", "visit_count", "event_count", "first_seen_at", "last_seen_at")
PERSONAL: Final = ("primary_id", "email", "name")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for something to compute


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(segment: Segment, *, sees_all: bool) -> Iterator[str]:
    """Yield the lines of the table, page by page: it may be longer than the memory."""
    columns = (*HARMLESS[:1], *(PERSONAL if sees_all else ()), *HARMLESS[1:])
    writer = csv.writer(_Line())
    yield writer.writerow((*columns, "entered_at"))
    for stays in _pages(segment):
        found = Profile.objects.filter(pk__in=[stay.profile_id for stay in stays]).values_list(*columns)
        people = {values[0]: values for values in found}
        for stay in stays:
            if stay.profile_id in people:
                yield writer.writerow([*map(_cell, people[stay.profile_id]), _cell(stay.entered_at)])


def _pages(segment: Segment) -> Iterator[list[Membership]]:
    after = UUID(int=0)
    while True:
        stays = Membership.objects.filter(segment=segment, left_at=None, profile_id__gt=after).order_by("profile_id")
        page = list(stays[:PAGE])
        yield page
        if len(page) < PAGE:
            return
        after = page[-1].profile_id


def _cell(value: Any) -> str:
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
