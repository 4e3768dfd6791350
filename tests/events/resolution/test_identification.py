"""What events prove by identification points."""

from uuid import UUID, uuid4

import pytest

from apps.events.models import IdentificationPoint
from apps.events.resolution import identification
from apps.events.resolution.identification import proofs_of
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db
ANYWHERE = uuid4()


def proved(type_: str, properties: dict[str, object], *, source: UUID = ANYWHERE) -> list[tuple[str, str]]:
    found = proofs_of(type_, properties, source_id=source, event_index=0)
    return [(proof.kind, proof.value) for proof in found]


def test_the_defaults_find_customers_addresses_and_phones() -> None:
    account = {"pk": 17, "email": {"main": "Anna@example.com"}, "phone": {"mobile": "+12025550143"}}

    assert set(proved("sign-in", account)) == {
        ("user", "17"),
        ("email", "anna@example.com"),
        ("phone", "+12025550143"),
    }
    assert proved("identify", {"email": ["anna@example.com", "info@acme.example", None, "b@c.example"]}) == [
        ("email", "anna@example.com"),
        ("email", "b@c.example"),
    ]
    assert proved("page-view", account) == proved("sign-in", {"email": "odd", "pk": True}) == []


def test_a_point_of_one_source_counts_for_no_other() -> None:
    source = SourceFactory()
    IdentificationPoint.objects.create(event_type="call", path="number", kind="phone", source=source)

    assert proved("call", {"number": "+12025550143"}, source=source.id) == [("phone", "+12025550143")]
    assert proved("call", {"number": "+12025550143"}) == []


def test_ids_of_another_system_carry_its_name() -> None:
    IdentificationPoint.objects.create(event_type="deal-won", path="contact.id", kind="external", system="crm")

    assert proved("deal-won", {"contact": {"id": 9}}) == [("external", "crm:9")]


def test_defaults_come_back_as_they_were_left() -> None:
    IdentificationPoint.objects.filter(event_type="identify", path="email").update(is_enabled=False)
    IdentificationPoint.objects.filter(event_type="identify", path="phone").delete()

    identification.load_defaults()

    assert not IdentificationPoint.objects.get(event_type="identify", path="email").is_enabled
    assert IdentificationPoint.objects.filter(event_type="identify", path="phone", is_enabled=True).exists()
