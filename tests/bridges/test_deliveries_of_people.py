"""What was sent because of a person is exported with them, follows them, and goes with them."""

from typing import Any

import pytest
from django.utils import timezone

from apps.bridges.lanes import results
from apps.bridges.models import Delivery
from apps.bridges.transport import Parcel, Reply
from apps.bridges.verdicts import Verdict
from apps.core import claims
from apps.events.event_types import planned
from apps.events.resolution import by_hand, unmerging
from apps.profiles import erasure
from apps.profiles.holdings import holdings, person_of
from apps.profiles.models import PrivacyRequest, Profile
from apps.sessions.models import Session
from tests.bridges.factories import DeliveryFactory, ended
from tests.factories import ANNA, NOON, ProfileFactory
from tests.shop import Shop

pytestmark = pytest.mark.django_db
HOLDING = "deliveries"


def rows(profile: Any) -> list[dict[str, Any]]:
    return list(holdings[HOLDING].rows(person_of(profile)))


def test_a_person_gets_what_was_sent_because_of_them() -> None:
    profile = ProfileFactory()
    DeliveryFactory(profile_id=profile.id, request={"to": "anna@example.com", "text": "Hello"})
    DeliveryFactory(profile_id=ProfileFactory().id)
    DeliveryFactory()

    [row] = rows(profile)

    assert row["request"] == {"to": "anna@example.com", "text": "Hello"}
    assert row["outcome"] == "waiting"


@pytest.mark.parametrize("kind", [PrivacyRequest.Kind.ERASE, PrivacyRequest.Kind.ANONYMISE])
def test_with_a_person_goes_what_was_sent_and_what_waits_at_once(kind: PrivacyRequest.Kind) -> None:
    profile, other = ProfileFactory(), ProfileFactory()
    DeliveryFactory(profile_id=profile.id)
    ended(Delivery.Outcome.DELIVERED, profile_id=profile.id)
    stays = DeliveryFactory(profile_id=other.id)

    erasure.begin(profile.id, kind=kind, reference="", actor=ANNA, at=NOON)

    assert list(Delivery.objects.values_list("pk", flat=True)) == [stays.pk]


@pytest.mark.django_db(transaction=True)
def test_what_is_on_its_way_meanwhile_leaves_nothing_of_them() -> None:
    claims._marks.clear()
    profile = ProfileFactory()
    row = DeliveryFactory(profile_id=profile.id)
    [lease] = claims.claim(Delivery, 1, now=timezone.now(), connection=row.connection_id)
    row.refresh_from_db()
    assert row.leases == lease.number

    erasure.begin(profile.id, kind=PrivacyRequest.Kind.ERASE, reference="", actor=ANNA, at=NOON)
    results.note(row, Reply(Parcel(row.pk, row.key, NOON, {}), Verdict.DELIVERED, "ok", status=200), now=NOON)
    results.write([row], kind="http")

    assert not Delivery.objects.exists()


def test_what_was_planned_for_them_follows_a_merge_and_goes_back_when_it_is_undone(shop: Shop) -> None:
    shop.track("page-view", session="anna")
    shop.track("page-view", session="bo")
    anna, bo = (Session.objects.get(client_id=name).profile_id for name in ("anna", "bo"))
    DeliveryFactory(key="anna", profile_id=anna)
    DeliveryFactory(key="bo", profile_id=bo)

    merge = by_hand.merge(anna, bo, actor=ANNA, now=timezone.now())
    assert len(rows(Profile.objects.get())) == 2

    unmerging.undo(merge.id, actor=ANNA, rules=planned.rules(), now=timezone.now())
    assert [len(rows(profile)) for profile in Profile.objects.all()] == [1, 1]
    assert set(Delivery.objects.values_list("key", "profile_id")) == {("anna", anna), ("bo", bo)}
