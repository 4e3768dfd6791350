"""What is computed of people who turn out to be one is that of all events; separated, each has their own again."""

from datetime import timedelta
from typing import Any

import pytest

from apps.events.computed_traits import definitions, recomputing
from apps.events.resolution import by_hand
from apps.profiles.models import Merge, Profile
from tests.factories import ANNA, NOON, ComputedTraitFactory, track_body
from tests.shop import TRACK, Shop, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def traits() -> None:
    """Traits with and without a window."""
    for key, function, days in (("orders", "count", None), ("spent", "sum", None), ("last", "last", 7)):
        path = "" if function == "count" else "properties.total"
        row = ComputedTraitFactory.build(key=key, function=function, path=path, days=days, event_types=["order"])
        definitions.save(row)


def order(total: float) -> dict[str, Any]:
    return {"type": "order", "properties": {"total": total}}


def identify(email: str) -> dict[str, Any]:
    return {"type": "identify", "properties": {"email": email}}


def assert_all_is_what_the_stored_events_say(shop: Shop) -> None:
    people = list(Profile.objects.all())
    stored = recomputing.count_stored([row.id for row in people], definitions.read(), now=shop.now)
    for row in people:
        assert row.computed_states == stored[row.id]


def test_two_visitors_who_name_one_address_are_counted_as_one(shop: Shop) -> None:
    shop.track(order(1.5), session="phone")
    shop.track(order(2), session="laptop")
    shop.track(identify("anna@example.com"), session="phone")

    shop.track(identify("anna@example.com"), order(4), session="laptop")
    shop.track(order(8), session="phone")

    assert person().computed == {"orders": 4, "spent": 15.5, "last": 8}
    assert_all_is_what_the_stored_events_say(shop)
    shop.settle()
    assert_all_is_what_the_stored_events_say(shop)


def test_a_new_visitor_who_is_recognised_in_the_same_batch_leaves_nothing_to_be_counted_anew(shop: Shop) -> None:
    shop.track(identify("anna@example.com"), order(1), session="phone")

    bodies = [
        track_body(shop.source, session="laptop", events=[event])
        for event in (order(2), identify("anna@example.com"), order(4))
    ]
    shop.process(*(shop.message(TRACK, body) for body in bodies))

    assert Merge.objects.count() == 1
    assert person().computed["spent"] == 7
    assert person().computed_version == definitions.read().version


def test_who_merges_with_a_profile_of_an_older_version_waits_to_be_counted(shop: Shop) -> None:
    shop.track(order(1), session="phone")
    shop.track(order(2), session="laptop")
    older, newer = Profile.objects.order_by("id")
    Profile.objects.filter(id=newer.id).update(computed_version=0, computed_states={}, computed={})

    by_hand.merge(older.id, newer.id, actor=ANNA, now=shop.later(seconds=1))

    assert person().computed_version == 0
    recomputing.recount_page(definitions.read(), now=shop.now)
    assert person().computed == {"orders": 2, "spent": 3, "last": 2}  # though events and sessions are not moved yet


def test_days_that_left_a_window_are_forgotten_when_people_merge(shop: Shop) -> None:
    shop.track(order(1), session="phone")
    shop.later(days=10)
    shop.track(order(2), session="laptop")
    older, newer = Profile.objects.order_by("id")

    by_hand.merge(older.id, newer.id, actor=ANNA, now=shop.later(seconds=1))

    assert person().computed == {"orders": 2, "spent": 3, "last": 2}
    assert person().computed_until == (NOON + timedelta(days=10 + 7)).date()


def test_people_who_are_separated_have_their_own_again_and_what_came_since(shop: Shop) -> None:
    shop.track(order(1), session="phone")
    shop.track(order(2), session="laptop")
    older, newer = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(older, newer, actor=ANNA, now=shop.later(seconds=1))
    shop.track(order(4), session="phone")
    shop.track(order(8), session="laptop")

    shop.undo(Merge.objects.get())
    shop.track(order(16), session="laptop")

    assert person(id=older).computed == {"orders": 2, "spent": 5, "last": 4}
    assert person(id=newer).computed == {"orders": 3, "spent": 26, "last": 16}
    assert_all_is_what_the_stored_events_say(shop)


def test_a_trait_that_changed_meanwhile_waits_for_the_separated_too(shop: Shop) -> None:
    shop.track(order(1), session="phone")
    shop.track(order(2), session="laptop")
    older, newer = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(older, newer, actor=ANNA, now=shop.later(seconds=1))
    definitions.save(ComputedTraitFactory.build(key="events"))
    recomputing.recount_page(definitions.read(), now=shop.now)
    shop.track(order(4), session="phone")

    shop.undo(Merge.objects.get(), settles=False)

    assert "events" not in person(id=older).computed
    recomputing.recount_page(definitions.read(), now=shop.now)
    # The platform's own are none of theirs.
    assert person(id=older).computed["events"] == 2
    assert person(id=newer).computed["events"] == 1
    assert_all_is_what_the_stored_events_say(shop)
