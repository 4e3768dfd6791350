"""Two customers use one device, or one e-mail address: they stay two, and somebody can see why."""

from apps.profiles.models import IdentityConflict, Merge, Profile
from tests.shop import Shop, person, types_of


def test_one_device_of_two_customers_belongs_to_who_uses_it(shop: Shop) -> None:
    shop.call("identify", anonymousId="tablet", userId="anna")
    shop.call("track", anonymousId="tablet", event="a-book")

    shop.call("identify", anonymousId="tablet", userId="bert")
    shop.call("track", anonymousId="tablet", event="a-game")

    assert types_of(person(primary_id="anna")) == ["identify", "a-book"]
    assert types_of(person(primary_id="bert")) == ["identify", "a-game"]
    assert not Merge.objects.exists()


def test_one_session_of_two_customers_goes_over_to_who_signs_in(shop: Shop) -> None:
    shop.track({"type": "sign-in", "properties": {"pk": "anna"}}, session="tablet")
    shop.track({"type": "sign-in", "properties": {"pk": "bert"}}, session="tablet")
    shop.track("page-view", session="tablet")

    assert types_of(person(primary_id="anna")) == ["sign-in"]
    assert types_of(person(primary_id="bert")) == ["sign-in", "page-view"]


def test_customers_are_not_merged_by_an_address_and_the_conflict_is_listed_once(shop: Shop) -> None:
    for number in ("17", "18", "17", "18"):
        shop.call("identify", userId=number, traits={"email": "the-smiths@example.com"})

    assert set(Profile.objects.values_list("primary_id", flat=True)) == {"17", "18"}
    conflict = IdentityConflict.objects.get()
    assert (conflict.refusal, conflict.evidence, conflict.identifier_kind) == ("two_customers", "proof", "email")
    assert {conflict.profile_id, conflict.other_id} == set(Profile.objects.values_list("id", flat=True))


def test_what_is_known_of_a_visitor_joins_the_customer_of_the_same_address(shop: Shop) -> None:
    shop.call("identify", userId="17", traits={"email": "anna@example.com", "plan": "pro"})
    shop.call("identify", anonymousId="laptop", traits={"email": "ANNA@example.com", "color": "red"})

    anna = person()
    assert anna.traits == {"email": "ANNA@example.com", "plan": "pro", "color": "red"}
    assert anna.primary_id == "17"
