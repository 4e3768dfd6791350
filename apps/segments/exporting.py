"""The members of a segment as a table for other programs."""

from collections.abc import Iterator
from typing import Any, Final

from django.utils import timezone

from apps.core import csv_text
from apps.core.ids import NIL
from apps.profiles import consents
from apps.profiles.models import ConsentType, Profile
from apps.segments.models import Membership, Segment

PAGE: Final = 2_000
HARMLESS: Final = ("id", "country", "visit_count", "event_count", "first_seen_at", "last_seen_at")
PERSONAL: Final = ("primary_id", "email", "name")
CONSENTS: Final = ("consents", "provenance")


def lines(segment: Segment, *, sees_all: bool) -> Iterator[str]:
    """Yield the lines of the table, page by page: it may be longer than the memory."""
    columns = (*HARMLESS[:1], *(PERSONAL if sees_all else ()), *HARMLESS[1:])
    types = list(ConsentType.objects.order_by("id").values_list("id", flat=True)) if sees_all else []
    names = (*columns, "entered_at", *(f"consent {id}" for id in types))
    return csv_text.lines(names, _rows(segment, columns, types))


def _rows(segment: Segment, columns: tuple[str, ...], types: list[str]) -> Iterator[tuple[Any, ...]]:
    for memberships in _pages(segment):
        people = Profile.objects.only(*columns, *(CONSENTS if types else ())).in_bulk(
            [membership.profile_id for membership in memberships]
        )
        for membership in memberships:
            if row := people.get(membership.profile_id):
                now = timezone.now()  # the table goes to programs that send: consents are what they are at this moment
                states = [consents.state(row.consents, row.provenance, id, at=now).value for id in types]
                yield (*(getattr(row, name) for name in columns), membership.entered_at, *states)


def _pages(segment: Segment) -> Iterator[list[Membership]]:
    after = NIL
    while True:
        memberships = Membership.objects.filter(segment=segment, left_at=None, profile_id__gt=after).order_by(
            "profile_id"
        )
        page = list(memberships[:PAGE])
        yield page
        if len(page) < PAGE:
            return
        after = page[-1].profile_id
