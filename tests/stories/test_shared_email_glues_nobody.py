"""A company has one address that all its people write from: they stay as many as they are."""

import pytest

from apps.events.models import IdentificationPoint
from apps.profiles.models import BlockedIdentifier, Identifier, IdentityConflict, Merge, Profile
from tests.shop import Shop

NUMBERS = [str(number) for number in range(1, 31)]


@pytest.mark.parametrize(
    "address", ["info@acme.example", "Sales@acme.example", "no-reply@acme.example", "test@test.com"]
)
def test_an_address_of_nobody_in_particular_is_no_identifier(shop: Shop, address: str) -> None:
    for number in NUMBERS[:5]:
        shop.call("identify", anonymousId=f"device-{number}", traits={"email": address})

    assert Profile.objects.count() == 5
    assert not Identifier.objects.filter(kind="email").exists()


def test_an_address_that_two_customers_have_recognises_nobody_any_more(shop: Shop) -> None:
    for number in NUMBERS:
        shop.call("identify", userId=number, anonymousId=f"device-{number}", traits={"email": "all@acme.example"})
    shop.call("identify", anonymousId="a visitor", traits={"email": "all@acme.example"})

    assert Profile.objects.count() == len(NUMBERS) + 1
    assert Identifier.objects.get(kind="email").is_shared
    assert not Merge.objects.exists()


def test_an_address_that_merges_too_many_visitors_stops(shop: Shop, settings: pytest.MonkeyPatch) -> None:
    settings.MAX_MERGES_PER_IDENTIFIER = 3  # type: ignore[attr-defined]
    for number in NUMBERS[:10]:
        shop.call("track", anonymousId=f"device-{number}", event="page-view")
        shop.call("identify", anonymousId=f"device-{number}", traits={"email": "all@acme.example"})

    assert Merge.objects.count() == 3
    assert Profile.objects.count() == 10 - 3
    assert IdentityConflict.objects.get().refusal == "shared"


def test_one_person_has_only_so_many_names(shop: Shop, settings: pytest.MonkeyPatch) -> None:
    settings.MAX_IDENTIFIERS_PER_PROFILE = 4  # type: ignore[attr-defined]
    for number in NUMBERS[:10]:
        shop.call("identify", anonymousId=f"device-{number}", traits={"email": f"{number}@shop.example"})
        shop.call("identify", anonymousId=f"device-{number}", userId="kiosk")

    kiosk = Profile.objects.get(primary_id="kiosk")
    names = Identifier.objects.filter(profile_id__in=raw_ids_of(kiosk))
    assert names.exclude(kind="anonymous").count() == 4
    assert set(IdentityConflict.objects.values_list("refusal", flat=True)) == {"too_many_ids"}


def test_what_an_administrator_blocks_is_no_identifier_from_then_on(shop: Shop) -> None:
    BlockedIdentifier.objects.create(kind="email", pattern="*@agency.example")
    BlockedIdentifier.objects.create(pattern="kiosk-1")
    for number in NUMBERS[:3]:
        shop.call("identify", anonymousId=f"device-{number}", traits={"email": "anna@agency.example"})
        shop.call("track", userId="KIOSK-1", event="page-view")

    assert Profile.objects.count() == 3
    assert not Profile.objects.exclude(primary_id=None).exists()


def test_two_customers_are_merged_where_a_point_says_so(shop: Shop) -> None:
    IdentificationPoint.objects.create(
        event_type="loyalty-card-added", path="id", kind="external", system="cards", merges_customers=True
    )
    for number in ("17", "18"):
        shop.call("track", userId=number, event="loyalty-card-added", properties={"id": "4711"})

    assert Profile.objects.get().primary_id == "17"
    shop.call("track", userId="18", event="page-view")
    assert Profile.objects.count() == 1


def raw_ids_of(profile: Profile) -> list[object]:
    return [profile.id, *profile.aliases.values_list("origin_id", flat=True)]
