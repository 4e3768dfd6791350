"""A loyal customer comes from a new browser each week: the one in hand is always known, the oldest is let go."""

from typing import Any

import pytest

from apps.events.models import Event
from apps.profiles.models import Identifier, IdentityConflict, Merge, Profile
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limit(settings: Any) -> None:
    settings.MAX_IDENTIFIERS_PER_PROFILE = 5


def week(shop: Shop, number: int) -> None:
    shop.later(days=7)
    shop.call("track", anonymousId=f"browser-{number}", event="page-view")
    shop.call("identify", anonymousId=f"browser-{number}", userId="17", traits={"email": "anna@example.com"})
    shop.call("track", anonymousId=f"browser-{number}", event="signed-out-again")


def test_the_device_in_hand_is_known_however_many_there_were(shop: Shop) -> None:
    for number in range(12):
        week(shop, number)

    anna = Profile.objects.get()
    assert Event.objects.filter(type="page-view", original_profile_id__isnull=False).count() == 12
    assert Event.objects.filter(type="signed-out-again").exclude(profile_id=anna.id).count() == 0
    assert anna.identifier_count == Identifier.objects.count() == 5
    assert set(Identifier.objects.values_list("kind", flat=True)) == {"user", "email", "anonymous"}
    assert not IdentityConflict.objects.exists()


def test_the_one_that_was_not_seen_for_longest_is_let_go_not_the_one_that_came_first(shop: Shop) -> None:
    for number in range(3):
        week(shop, number)
    shop.later(days=7)
    shop.call("track", anonymousId="browser-0", event="page-view")
    week(shop, 3)

    shop.call("track", anonymousId="browser-0", event="still-known")
    shop.call("track", anonymousId="browser-1", event="forgotten")

    anna = person(primary_id="17")
    assert Event.objects.get(type="still-known").profile_id == anna.id
    assert Event.objects.get(type="forgotten").profile_id != anna.id
    shop.call("identify", anonymousId="browser-1", userId="17")  # who signs in is known again
    assert Profile.objects.count() == 1


def test_all_devices_of_one_batch_are_known_in_it(shop: Shop) -> None:
    messages = [
        shop.message("sdk", {"anonymousId": f"browser-{number}", "userId": "17", "event": "x"}, call="track")
        for number in range(9)
    ]

    shop.process(*messages)

    assert Profile.objects.get().event_count >= 9
    week(shop, 20)
    assert Profile.objects.get().identifier_count == Identifier.objects.count() == 5


def test_merges_of_devices_that_were_let_go_are_undone_like_others(shop: Shop) -> None:
    for number in range(8):
        week(shop, number)
    shop.settle()

    for _ in range(3):
        shop.undo(Merge.objects.filter(undone_at=None).order_by("at")[0])

    for profile in Profile.objects.all():
        own = [profile.id, *profile.aliases.values_list("origin_id", flat=True)]
        assert profile.identifier_count == Identifier.objects.filter(profile_id__in=own).count()
        assert profile.event_count == Event.objects.filter(profile_id=profile.id).count()
    assert person(primary_id="17").identifier_count <= 5
