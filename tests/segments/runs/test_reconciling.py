from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from apps.core.ids import NIL, new_id
from apps.profiles.models import Merge, Profile, Reason
from apps.segments import definitions
from apps.segments.definitions import Definition
from apps.segments.models import Cause, Membership
from apps.segments.runs import reconciling
from apps.segments.runs.reconciling import Outdated, Range, Those
from tests.factories import NOON, EventFactory, MembershipFactory
from tests.segments.people import members, person, segment

pytestmark = pytest.mark.django_db
EVERYBODY = Range(NIL, UUID(int=2**128 - 1))
LATER = NOON + timedelta(hours=1)


def defined(key: str) -> Definition:
    return next(each for each in definitions.read().segments if each.key == key)


def settle(key: str, *profiles: Profile) -> None:
    reconciling.reconcile(
        defined(key), [each.id for each in profiles], definitions.read(), because=Cause.TIME, now=LATER
    )


@pytest.fixture
def pro() -> Iterator[Definition]:
    segment("pro", 'profile@traits.plan = "pro"')
    return defined("pro")


def test_only_those_are_found_for_whom_it_differs_from_what_is_stored(pro: Definition) -> None:
    enters, stays, leaves, never = person(plan="pro"), person(plan="pro"), person(plan="free"), person()
    for profile in (stays, leaves):
        MembershipFactory(segment_id=pro.id, profile_id=profile.id)

    found = reconciling.different(pro, EVERYBODY, now=LATER)

    assert found == {enters.id: True, leaves.id: False}
    assert never.id not in found


def test_only_the_people_asked_for_are_looked_at(pro: Definition) -> None:
    one, two, three = sorted((person(plan="pro") for _ in range(3)), key=lambda profile: profile.id)

    assert reconciling.different(pro, Range(one.id, two.id), now=LATER) == {two.id: True}
    assert reconciling.different(pro, Those([one.id, three.id]), now=LATER) == {one.id: True, three.id: True}
    assert reconciling.different(pro, Those([]), now=LATER) == {}


def test_past_events_of_others_are_not_looked_at() -> None:
    segment("buyers", 'COUNT("purchase") >= 1')
    buyer, other = person(), person()
    for profile in (buyer, other):
        EventFactory(type="purchase", profile_id=profile.id)

    assert reconciling.different(defined("buyers"), Those([buyer.id]), now=LATER) == {buyer.id: True}
    assert reconciling.different(defined("buyers"), EVERYBODY, now=LATER) == {buyer.id: True, other.id: True}


def test_whoever_came_into_a_sticky_segment_stays() -> None:
    segment("tried", 'profile@traits.plan = "pro"', is_sticky=True)
    was, now = person(plan="free"), person(plan="pro")
    MembershipFactory(segment_id=defined("tried").id, profile_id=was.id)

    assert reconciling.different(defined("tried"), EVERYBODY, now=LATER) == {now.id: True}


def test_what_is_settled_is_evaluated_again_so_that_a_change_meanwhile_counts(pro: Definition) -> None:
    profile = person(plan="pro")
    assert reconciling.different(pro, EVERYBODY, now=LATER) == {profile.id: True}

    Profile.objects.filter(pk=profile.pk).update(traits={"plan": "free"})
    settle("pro", profile)

    assert not Membership.objects.exists()


def test_settling_twice_changes_nothing_twice(pro: Definition) -> None:
    profile = person(plan="pro")

    settle("pro", profile)
    settle("pro", profile)

    row = Membership.objects.get()
    assert (row.profile_id, row.entered_at, row.entered_because) == (profile.id, LATER, Cause.TIME)


def test_nothing_is_settled_by_definitions_that_are_no_longer_those(pro: Definition) -> None:
    profile, old = person(plan="pro"), definitions.read()
    segment("other", 'profile@traits.plan = "free"')

    with pytest.raises(Outdated), transaction.atomic():
        reconciling.reconcile(pro, [profile.id], old, because=Cause.TIME, now=LATER)

    assert not members("pro")


def test_nobody_is_evaluated_by_a_history_that_is_still_elsewhere() -> None:
    segment("strangers", 'DID NOT("purchase")')
    whole, moving = person(), person()
    gone = new_id()
    ends = {"kept_id": moving.id, "kept_via": moving.id, "merged_id": gone, "merged_via": gone}
    Merge.objects.create(at=NOON, reason=Reason.MANUAL, kept_before={}, merged_before={}, **ends)

    settle("strangers", whole, moving)

    assert members("strangers") == {whole.id}


def test_somebody_who_is_no_more_is_left_alone(pro: Definition) -> None:
    MembershipFactory(segment_id=pro.id, profile_id=new_id())
    [missing] = reconciling.different(pro, EVERYBODY, now=LATER)

    reconciling.reconcile(pro, [missing], definitions.read(), because=Cause.TIME, now=LATER)

    assert members("pro") == {missing}
