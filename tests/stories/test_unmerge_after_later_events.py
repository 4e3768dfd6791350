"""Two people were taken for one, went on for a while, and are parted: they are as they would be without the merge."""

from typing import Any

import pytest

from apps.events.models import Event
from apps.events.resolution import by_hand
from apps.events.store.timeline import page_of_events
from apps.profiles.models import Alias, Identifier, IdentityConflict, Merge, Profile
from apps.sessions.models import Session
from tests.factories import ANNA
from tests.shop import Shop, person, types_of

COUNTED = ("event_count", "visit_count", "identifier_count", "visit_started_at")
TIMES = ("first_seen_at", "last_seen_at", "last_active_at")
FACTS = ("primary_id", "email", "name", "is_anonymous", "data", "traits", "interests", "consents", "stats")


def state(profile: Profile) -> dict[str, Any]:
    """What a profile holds, without the ids of events."""
    times = {name: said[0] for name, said in profile.provenance.items() if name != "primary_id"}
    return {name: getattr(profile, name) for name in (*COUNTED, *TIMES, *FACTS)} | {"times": times}


def before(shop: Shop) -> None:
    shop.call("identify", userId="17", anonymousId="laptop", traits={"firstName": "Anna", "email": "anna@example.com"})
    shop.track("page-view", {"type": "increase-interest", "properties": {"interest": "jazz"}}, session="phone")


def after(shop: Shop) -> None:
    shop.call("identify", userId="17", traits={"plan": "pro", "firstName": "Anne"})
    shop.track({"type": "increase-interest", "properties": {"interest": "jazz"}}, session="phone")
    shop.track({"type": "checkout-started", "properties": {"value": 10}}, session="phone")
    shop.call("track", anonymousId="laptop", event="checkout-started", properties={"value": 5})
    shop.later(hours=3)
    shop.track("page-view", session="phone")


@pytest.fixture
def never_merged(shop: Shop) -> list[dict[str, Any]]:
    """What both are when nobody ever takes them for one."""
    before(shop)
    shop.later(seconds=1)
    after(shop)
    found = [state(profile) for profile in Profile.objects.order_by("id")]
    for model in (Event, Session, Identifier, Alias, Profile, Merge):
        model.objects.all().delete()
    return found


def test_both_are_as_if_never_merged(never_merged: list[dict[str, Any]]) -> None:
    shop = Shop()
    before(shop)
    anna, visitor = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(anna, visitor, actor=ANNA, now=shop.later(seconds=1))
    after(shop)
    assert person().interests == {"jazz": 2}
    assert person().data["metrics"]["ltcosv"] == 15

    shop.undo(Merge.objects.get())

    assert [state(profile) for profile in Profile.objects.order_by("id")] == never_merged
    assert list(Profile.objects.order_by("id").values_list("id", flat=True)) == [anna, visitor]


def test_events_and_sessions_are_with_whom_they_came_with_and_so_are_later_ones(shop: Shop) -> None:
    before(shop)
    anna, visitor = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(anna, visitor, actor=ANNA, now=shop.later(seconds=1))
    after(shop)
    shop.settle()
    assert not Event.objects.filter(profile_id=visitor).exists()

    shop.undo(Merge.objects.get())
    shop.track("after-all", session="phone")
    shop.call("track", anonymousId="laptop", event="after-all")

    first, second = Profile.objects.order_by("id")
    assert types_of(first) == ["identify", "identify", "checkout-started", "after-all"]
    assert types_of(second)[:2] == ["page-view", "increase-interest"]
    assert types_of(second)[-1] == "after-all"
    assert dict(Session.objects.values_list("client_id", "profile_id")) | {"": anna} == {"phone": visitor, "": anna}
    for profile in (first, second):
        assert profile.event_count == Event.objects.filter(profile_id=profile.id).count()


def test_what_a_person_separated_stays_separate(shop: Shop) -> None:
    before(shop)
    shop.call("identify", anonymousId="library", traits={"email": "anna@example.com"})
    shop.call("track", anonymousId="tablet", event="page-view")
    shop.call("identify", anonymousId="tablet", traits={"email": "anna@example.com", "color": "red"})
    merge = Merge.objects.get()

    shop.undo(merge)
    shop.call("identify", anonymousId="tablet", traits={"email": "anna@example.com"})

    tablet = Profile.objects.get(id=merge.merged_id)
    assert types_of(tablet) == ["page-view", "identify", "identify"]
    assert tablet.traits == {"email": "anna@example.com", "color": "red"}
    assert IdentityConflict.objects.get().refusal == "separated"
    assert Merge.objects.count() == 1


def test_an_older_merge_is_undone_and_the_later_ones_stay(shop: Shop) -> None:
    for device in ("phone", "laptop", "tablet"):
        shop.call("track", anonymousId=device, event=f"on-the-{device}")
        shop.call("identify", anonymousId=device, userId="17", traits={f"has_{device}": True})
    assert Merge.objects.count() == 2
    older = Merge.objects.order_by("at").first()
    assert older is not None

    shop.undo(older)

    anna, laptop = Profile.objects.get(primary_id="17"), Profile.objects.get(primary_id=None)
    assert types_of(laptop) == ["on-the-laptop"]
    assert types_of(anna) == ["on-the-phone", "identify", "identify", "on-the-tablet", "identify"]
    assert anna.traits == {"has_phone": True, "has_laptop": True, "has_tablet": True}
    assert Merge.objects.filter(undone_at=None).count() == 1
    shop.undo(Merge.objects.get(undone_at=None))
    assert Profile.objects.count() == 3


def test_an_old_id_leads_to_the_living_profile_and_after_undoing_to_its_own(shop: Shop) -> None:
    before(shop)
    anna, visitor = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(visitor, anna, actor=ANNA, now=shop.later(seconds=1))
    shop.track("by-its-old-id", session="new", profile={"id": str(visitor)})
    assert "by-its-old-id" in types_of(person(id=anna))

    shop.undo(Merge.objects.get())

    assert types_of(person(id=visitor))[-1] == "by-its-old-id"
    assert not Alias.objects.exists()


def test_one_undoing_after_the_other_needs_no_moving_in_between(shop: Shop) -> None:
    for session in ("phone", "laptop", "tablet"):
        shop.track("page-view", session=session)
    phone, laptop, tablet = Profile.objects.order_by("id").values_list("id", flat=True)
    for other in (laptop, tablet):
        by_hand.merge(phone, other, actor=ANNA, now=shop.later(seconds=1))
    shop.track("later", session="laptop")

    for merge in Merge.objects.order_by("-at"):
        shop.undo(merge, settles=False)

    assert person(id=laptop).event_count == 5
    assert "later" in [event.type for _, events in page_of_events(profile_id=laptop).days for event in events]
