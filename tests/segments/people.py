"""Segments and people for the tests of this folder."""

from datetime import datetime
from uuid import UUID

from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Membership, Reevaluation, Segment
from apps.segments.runs import paging
from tests.factories import ProfileFactory, SegmentFactory


def segment(key: str, condition: str, **values: object) -> Segment:
    """Define a segment."""
    row: Segment = SegmentFactory.build(key=key, name=key, condition=condition, **values)
    definitions.save(row)
    return row


def person(**traits: object) -> Profile:
    """Make a profile with traits."""
    made: Profile = ProfileFactory.create(traits=traits)
    return made


def members(key: str) -> set[UUID]:
    """Tell who belongs to a segment."""
    return set(Membership.objects.filter(segment__key=key, left_at=None).values_list("profile_id", flat=True))


def work_on_all() -> None:
    """Do what workers do."""
    while paging.work():
        pass


def run(kind: Reevaluation.Kind, *keys: str, now: datetime) -> Reevaluation:
    """Make a run for some segments, and work on all of it."""
    known = definitions.read().segments
    begun = paging.begin(kind, [each for each in known if each.key in keys], requested_by="test", now=now)
    assert begun
    work_on_all()
    begun.refresh_from_db()
    return begun
