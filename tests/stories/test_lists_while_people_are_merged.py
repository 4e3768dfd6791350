"""Somebody brings a list of people who are merged, separated or erased while it is taken."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from apps.events.resolution import by_hand
from apps.profiles.identifiers import identifier_id
from apps.profiles.models import Identifier, Profile
from apps.segments import lists
from apps.segments.lists import Mode, Report
from apps.segments.models import Membership, Segment
from tests.factories import ANNA, IdentifierFactory, MembershipFactory, ProfileFactory, SegmentFactory
from tests.stories.test_merging_under_traffic import merged_by_hand, overtaken, separate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def invited() -> Segment:
    made: Segment = SegmentFactory.create(key="invited", kind=Segment.Kind.LIST)
    return made


def take(segment: Segment, name: object, mode: Mode = Mode.ADD) -> Report:
    return lists.take(segment, [(1, str(name))], mode=mode, actor=ANNA, now=datetime.now(UTC))


def members(segment: Segment) -> set[UUID]:
    return set(Membership.objects.filter(segment=segment, left_at=None).values_list("profile_id", flat=True))


def merge(one: Profile, other: Profile) -> None:
    by_hand.merge(one.id, other.id, actor=ANNA, now=datetime.now(UTC))


def test_who_is_merged_meanwhile_is_in_as_who_they_are_now(invited: Segment) -> None:
    elder, younger = ProfileFactory(), ProfileFactory(email="anna@example.com")

    with overtaken(lambda: merge(elder, younger)):
        report = take(invited, "anna@example.com")

    assert members(invited) == {elder.id}
    assert report == Report(n_lines=1, n_entered=1)


def test_who_is_separated_meanwhile_is_in_and_not_the_other(invited: Segment) -> None:
    _, younger = merged_by_hand()

    with overtaken(separate):
        take(invited, younger)

    assert members(invited) == {younger}


def test_who_was_one_and_is_two_again_is_reported_as_several(invited: Segment) -> None:
    elder, younger = merged_by_hand()
    key = identifier_id(Identifier.Kind.EMAIL, "family@example.com")
    IdentifierFactory.create(id=key, kind="email", profile_id=younger)
    Profile.objects.filter(id=elder).update(email="family@example.com")

    with overtaken(separate):
        report = take(invited, "family@example.com")

    assert members(invited) == set()
    assert report == Report(n_lines=1, n_ambiguous=1, ambiguous=[(1, "family@example.com")])


def test_who_is_erased_meanwhile_is_reported_as_unknown(invited: Segment) -> None:
    ProfileFactory(primary_id="anna")

    with overtaken(lambda: Profile.objects.all().delete()):
        report = take(invited, "anna")

    assert report == Report(n_lines=1, n_unknown=1, unknown=[(1, "anna")])


def test_who_is_to_leave_and_is_merged_meanwhile_leaves_as_who_they_are_now(invited: Segment) -> None:
    kept, elder, younger = ProfileFactory(primary_id="kept"), ProfileFactory(), ProfileFactory()
    MembershipFactory.create(segment=invited, profile_id=younger.id)

    with overtaken(lambda: merge(elder, younger), nth=2):
        take(invited, "kept", Mode.REPLACE)

    assert members(invited) == {kept.id}
