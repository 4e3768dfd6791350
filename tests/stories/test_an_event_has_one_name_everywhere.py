"""The name by which a sender calls an event means the same in all places where people write it."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.api.scopes import Scope
from apps.events.backfill.selection import TRAITS, Selection, plan
from apps.events.computed_traits import definitions
from apps.events.models import ComplianceRule, EventType, IdentificationPoint, Redirect
from apps.profiles.models import Identifier
from apps.segments.models import Membership
from tests.factories import ComputedTraitFactory, RedirectFactory
from tests.programs import program
from tests.segments.people import segment
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["order-completed", "Order Completed", " order\u00a0completed", "ORDER\tCompleted "])
def test_what_is_asked_by_a_name_is_what_was_sent_by_it(name: str, shop: Shop, admin_client: Client) -> None:
    trait = ComputedTraitFactory.build(key="orders", function="count", event_types=[name], path="")
    definitions.save(trait)
    IdentificationPoint.objects.create(event_type=name, path="contact", kind=Identifier.Kind.EMAIL)
    segment("buyers", f'DID("{name}")')
    segment("others", f'DID NOT("{name}")')

    shop.call("track", userId="anna", event=name, properties={"contact": "anna@shop.example"})

    anna = person(primary_id="anna")
    assert list(Membership.objects.values_list("segment__key", "profile_id")) == [("buyers", anna.id)]
    assert anna.computed == {"orders": 1}
    assert Identifier.objects.filter(kind=Identifier.Kind.EMAIL, profile_id=anna.id).exists()
    own = program(Scope.PROFILES_READ).get(f"/api/profiles/{anna.id}/events", {"type": name}).json()["results"]
    assert [event["type"] for event in own] == ["order-completed"]
    for asked in ({"q": name}, {"type": name}, {"condition": f'event@type = "{name}"'}):
        assert str(anna.id) in admin_client.get("/admin/events/event/", asked).content.decode()
    assert plan(Selection(TRAITS, name), at=timezone.now()).type == "order-completed"


@pytest.mark.parametrize("name", ["Order Completed", " order\u00a0completed", "ORDER\tCompleted "])
def test_what_is_stored_by_a_name_has_the_name_of_the_event(name: str) -> None:
    EventType.objects.filter(type=name).delete()
    EventType.objects.create(type=name, name="Order")
    ComplianceRule.objects.create(name="a", event_type=name, field="event@properties.email", consents=["x"])
    RedirectFactory.create(event_type=name)

    for model in (ComplianceRule, Redirect):
        assert model.objects.values_list("event_type", flat=True).get() == "order-completed"
    assert EventType.objects.filter(type="order-completed").exists()
