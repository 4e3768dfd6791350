"""What somebody records for a person goes the way of all that the platform says: once, and of people who are there."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.collector import consent_decisions
from apps.collector.consent_decisions import CannotDecide
from apps.collector.envelope import Recorded
from apps.collector.payload import Payload
from apps.core import audit
from apps.core.audit import Actor
from apps.core.ids import new_id
from apps.events import sources
from apps.events.models import Event
from apps.profiles.jobs import start_erasure
from apps.profiles.models import ConsentDecision, PrivacyRequest, Profile
from tests.factories import ConsentTypeFactory
from tests.shop import Shop, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
YESTERDAY = timezone.now() - timedelta(days=1)


@pytest.fixture
def anna(shop: Shop) -> Profile:
    ConsentTypeFactory(id="letters")
    shop.now = YESTERDAY
    shop.call("track", userId="anna", event="page-view")
    return person(primary_id="anna")


def record(profile_id: UUID, said: Any = None, time: datetime | None = None) -> Payload:
    return consent_decisions.record(
        {"letters": True} if said is None else said,
        profile_id=profile_id,
        source=sources.INTERNAL,
        recorded=Recorded(Actor("user:1", "Otto"), "letter 7"),
        time=time,
        now=timezone.now(),
    )


def codes(raised: pytest.ExceptionInfo[CannotDecide]) -> list[str]:
    return [refusal.code for refusal in raised.value.refusals]


def test_the_event_and_the_ledger_name_who_recorded_it(anna: Profile) -> None:
    record(anna.id)

    event = Event.objects.get(type="consent-recorded")
    assert (event.profile_id, event.properties["actor"], event.session_id) == (anna.id, "user:1", None)
    decision = ConsentDecision.objects.get()
    assert (decision.actor, decision.actor_name, decision.reference) == ("user:1", "Otto", "letter 7")


def test_what_is_recorded_again_of_the_same_time_is_one_decision(anna: Profile) -> None:
    record(anna.id, time=YESTERDAY)
    record(anna.id, time=YESTERDAY)
    record(anna.id)
    record(anna.id)

    assert ConsentDecision.objects.filter(decided_at=YESTERDAY).count() == 1
    assert ConsentDecision.objects.count() == 3


def test_of_nobody_nothing_is_recorded_and_nobody_is_made(anna: Profile) -> None:
    with pytest.raises(CannotDecide) as raised:
        record(new_id())

    assert codes(raised) == ["unknown_profile"]
    assert list(Profile.objects.all()) == [anna]
    assert not ConsentDecision.objects.exists()


def test_who_was_erased_a_moment_ago_does_not_come_back(anna: Profile) -> None:
    start_erasure(anna.id, kind=PrivacyRequest.Kind.ERASE, reference="x", actor=audit.SYSTEM, at=timezone.now())

    with pytest.raises(CannotDecide) as raised:
        record(anna.id)

    assert codes(raised) == ["erased"]
    assert not Profile.objects.exists()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"letters": "perhaps"}, "invalid_consent"),
        ({"postcards": True}, "invalid_consent"),
        ({"letters": {"revoke": "2020-01-01", "why\x00": 1}}, "invalid_text"),
        ({"letters": {"revoke": "2020-01-01", "why": "x" * 200_000}}, "too_large"),
    ],
)
def test_what_is_no_decision_is_refused_before_anything_happens(anna: Profile, said: Any, code: str) -> None:
    with pytest.raises(CannotDecide) as raised:
        record(anna.id, said)

    assert codes(raised) == [code]
    assert not Event.objects.filter(type="consent-recorded").exists()


def test_a_time_that_cannot_be_is_refused_by_its_field(anna: Profile) -> None:
    with pytest.raises(CannotDecide) as raised:
        record(anna.id, time=timezone.now() + timedelta(days=3))

    assert [(refusal.code, refusal.field) for refusal in raised.value.refusals] == [("invalid_time", "decided_at")]
