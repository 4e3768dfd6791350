"""Anna looks around on her phone and her laptop, and signs in on both: one person, and nothing of hers is lost."""

from apps.events.models import Event
from apps.profiles.models import Alias, Merge, Profile
from apps.sessions.models import Session
from tests.shop import Shop, person, types_of


def test_the_devices_of_a_customer_become_one_profile_at_once(shop: Shop) -> None:
    shop.call("track", anonymousId="phone", event="page-view")
    shop.call("track", anonymousId="laptop", event="search")
    shop.call("identify", anonymousId="phone", userId="17", traits={"email": "anna@example.com", "plan": "free"})
    assert Profile.objects.count() == 2

    shop.call("identify", anonymousId="laptop", userId="17", traits={"plan": "pro"})

    anna = person()
    assert (anna.primary_id, anna.email, anna.traits["plan"]) == ("17", "anna@example.com", "pro")
    assert (anna.event_count, anna.visit_count) == (Event.objects.count(), 2)
    merge = Merge.objects.get()
    assert (merge.reason, merge.kept_id) == ("device", anna.id)
    assert Alias.objects.get(id=merge.merged_id).profile_id == anna.id


def test_later_events_of_each_device_are_hers_without_her_number(shop: Shop) -> None:
    for device in ("phone", "laptop"):
        shop.call("track", anonymousId=device, event="page-view")
        shop.call("identify", anonymousId=device, userId="17")

    shop.call("track", anonymousId="phone", event="on-the-phone")
    shop.call("track", anonymousId="laptop", event="on-the-laptop")
    shop.settle()

    anna = person()
    assert types_of(anna) == ["page-view", "identify", "page-view", "identify", "on-the-phone", "on-the-laptop"]
    assert set(Session.objects.values_list("profile_id", flat=True)) == {anna.id}
    assert Event.objects.values("original_profile_id").distinct().count() == 2


def test_browsers_that_only_sign_in_are_recognised_too(shop: Shop) -> None:
    sign_in = {"type": "sign-in", "properties": {"pk": "17", "email": {"main": "Anna@Example.com "}}}
    for session in ("phone", "laptop"):
        shop.track("page-view", session=session)
        shop.track(sign_in, session=session)

    shop.track("page-view", session="laptop")

    anna = person()
    assert (anna.primary_id, anna.email) == ("17", "anna@example.com")
    assert anna.event_count == Event.objects.count()


def test_all_of_it_in_one_batch_is_the_same(shop: Shop) -> None:
    bodies = [
        ("track", {"anonymousId": "phone", "event": "page-view"}),
        ("track", {"anonymousId": "laptop", "event": "page-view"}),
        ("identify", {"anonymousId": "phone", "userId": "17"}),
        ("identify", {"anonymousId": "laptop", "userId": "17"}),
        ("track", {"anonymousId": "laptop", "event": "page-view"}),
    ]

    shop.process(*(shop.message("sdk", body, call=call) for call, body in bodies))

    anna = person()
    assert anna.event_count == Event.objects.filter(profile_id=anna.id).count() == 5 + 2 * 3
    assert anna.visit_count == 2
    assert set(Session.objects.values_list("profile_id", flat=True)) == {anna.id}
