import json
from datetime import timedelta
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.core.ids import new_id
from apps.events.models import InboxItem
from apps.events.store import emitting
from apps.events.store.emitting import PER_MESSAGE, Emission
from apps.segments import memberships
from apps.segments.memberships import Changed
from apps.segments.models import Cause, Membership, Segment
from tests.factories import NOON, MembershipFactory, SegmentFactory

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def vips() -> Segment:
    return SegmentFactory.create(key="vip", name="Very important")


def enter(segment: Segment, *profile_ids: UUID, is_silent: bool = False) -> Changed:
    pairs = [(segment.pk, profile_id) for profile_id in profile_ids]
    return memberships.change(entered=pairs, because=Cause.EVENT, now=NOON, is_silent=is_silent)


def leave(segment: Segment, *profile_ids: UUID) -> Changed:
    return memberships.change(
        left=[(segment.pk, each) for each in profile_ids], because=Cause.TIME, now=LATER, is_silent=False
    )


def emissions() -> list[Emission]:
    bodies = InboxItem.objects.order_by("id").values_list("body", flat=True)
    return [each for body in bodies for each in emitting.read(json.loads(body)).emissions]


def announced() -> list[tuple[str, UUID]]:
    return [(each.type, each.profile_id) for each in emissions()]


def test_entering_and_leaving_is_noted_with_time_and_cause(vips: Segment) -> None:
    anna = new_id()

    enter(vips, anna)
    leave(vips, anna)

    row = Membership.objects.get()
    assert (row.segment, row.profile_id) == (vips, anna)
    assert (row.entered_at, row.entered_because, row.left_at, row.left_because) == (NOON, "event", LATER, "time")


def test_each_change_is_announced_once_however_often_it_is_repeated(vips: Segment) -> None:
    anna, bert = new_id(), new_id()

    enter(vips, anna)
    again = enter(vips, anna, bert, bert)
    leave(vips, bert)
    nothing = leave(vips, bert)

    assert [change.profile_id for change in again.entered] == [bert]
    assert nothing == Changed([], [])
    assert announced() == [
        ("segment-entered", anna),
        ("segment-entered", bert),
        ("segment-left", bert),
    ]


def test_who_comes_back_gets_another_stay(vips: Segment) -> None:
    anna = new_id()

    enter(vips, anna)
    leave(vips, anna)
    memberships.change(entered=[(vips.pk, anna)], because=Cause.LIST, now=LATER, is_silent=False)

    assert list(Membership.objects.order_by("id").values_list("left_at", flat=True)) == [LATER, None]


def test_message_says_who_entered_what_and_why(vips: Segment) -> None:
    anna = new_id()

    [change] = enter(vips, anna, is_silent=True).entered

    properties = {"segment": "vip", "name": "Very important", "because": "event"}
    assert emissions() == [Emission("segment-entered", anna, str(change.membership_id), NOON, properties)]
    assert emitting.read(json.loads(InboxItem.objects.get().body)).is_silent


def test_number_of_statements_does_not_depend_on_how_many_change(
    vips: Segment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    coming, going = [new_id() for _ in range(PER_MESSAGE)], [new_id() for _ in range(PER_MESSAGE)]
    enter(vips, *going)

    with django_assert_num_queries(3):
        memberships.change(
            entered=[(vips.pk, each) for each in coming],
            left=[(vips.pk, each) for each in going],
            because=Cause.DEFINITION,
            now=LATER,
            is_silent=False,
        )

    assert Membership.objects.filter(left_at=None).count() == PER_MESSAGE
    assert InboxItem.objects.count() == 3  # no message is longer than the inbox likes


def test_who_enters_a_segment_that_is_gone_stops_nobody_else(vips: Segment) -> None:
    anna = new_id()

    changed = memberships.change(
        entered=[(new_id(), anna), (vips.pk, anna)], because=Cause.EVENT, now=NOON, is_silent=False
    )

    assert [change.key for change in changed.entered] == ["vip"]


def test_stays_follow_those_who_are_merged_and_nobody_is_told(vips: Segment) -> None:
    anna, other, third = new_id(), new_id(), new_id()
    first = MembershipFactory.create(segment=vips, profile_id=other, entered_at=NOON - timedelta(days=2))
    MembershipFactory.create(segment=vips, profile_id=anna, entered_at=NOON - timedelta(days=1))
    MembershipFactory.create(segment=vips, profile_id=third)
    MembershipFactory.create(segment=vips, profile_id=third, left_at=NOON, left_because=Cause.TIME)
    bystander = MembershipFactory.create(segment=vips)

    memberships.adopt({other: anna, third: anna})

    assert set(Membership.objects.filter(left_at=None).values_list("id", "profile_id")) == {
        (first.id, anna),
        (bystander.id, bystander.profile_id),
    }
    assert Membership.objects.filter(profile_id=anna).count() == 2
    assert announced() == []


def test_how_many_flows_have_led_to_a_change_is_said_of_each(vips: Segment) -> None:
    anna, bo = new_id(), new_id()

    memberships.change(
        entered=[(vips.id, anna), (vips.id, bo)], because=Cause.FLOW, now=NOON, is_silent=False, chains={anna: 3}
    )

    assert {each.profile_id: each.chain for each in emissions()} == {anna: 3, bo: 0}
