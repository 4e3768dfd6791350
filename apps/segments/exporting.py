"""The members of a segment as a table for other programs."""

import csv
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from apps.profiles import consents
from apps.profiles.models import ConsentType, Profile
from apps.segments.models import Membership, Segment

PAGE: Final = 2_000
HARMLESS: Final = ("id", "country", "visit_count", "event_count", "first_seen_at", "last_seen_at")
PERSONAL: Final = ("primary_id", "email", "name")
CONSENTS: Final = ("consents", "provenance")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for something to compute


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(segment: Segment, *, sees_all: bool) -> Iterator[str]:
    """Yield the lines of the table, page by page: it may be longer than the memory."""
    columns = (*HARMLESS[:1], *(PERSONAL if sees_all else ()), *HARMLESS[1:])
    types = list(ConsentType.objects.order_by("id").values_list("id", flat=True)) if sees_all else []
    writer = csv.writer(_Line())
    yield writer.writerow((*columns, "entered_at", *(f"consent {id}" for id in types)))
    for memberships in _pages(segment):
        people = Profile.objects.only(*columns, *(CONSENTS if types else ())).in_bulk(
            [membership.profile_id for membership in memberships]
        )
        for membership in memberships:
            if row := people.get(membership.profile_id):
                now = timezone.now()  # the table goes to programs that send: consents are what they are at this moment
                states = [consents.state(row.consents, row.provenance, id, at=now).value for id in types]
                cells = [*(getattr(row, name) for name in columns), membership.entered_at, *states]
                yield writer.writerow(map(_cell, cells))


def _pages(segment: Segment) -> Iterator[list[Membership]]:
    after = UUID(int=0)
    while True:
        memberships = Membership.objects.filter(segment=segment, left_at=None, profile_id__gt=after).order_by(
            "profile_id"
        )
        page = list(memberships[:PAGE])
        yield page
        if len(page) < PAGE:
            return
        after = page[-1].profile_id


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
