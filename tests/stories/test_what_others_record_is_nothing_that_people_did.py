"""What staff or a program record for somebody is nothing that the person did: they are as quiet as before."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.api.scopes import Scope
from apps.events.computed_traits import definitions
from apps.events.models import Event
from apps.events.resolution import by_hand as merging_by_hand
from apps.profiles.models import ConsentDecision, Merge, Profile
from apps.segments.models import Reevaluation
from tests.factories import ANNA, ComputedTraitFactory, ConsentTypeFactory
from tests.profiles.test_privacy_pages import client_of
from tests.programs import program
from tests.segments.people import members, run, segment
from tests.shop import Shop, person, types_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
Recording = Callable[[Shop, Profile, datetime | None], Any]
LONG_AGO = timedelta(days=300)
ASKED = {
    "quiet": "DID NOT(ANY EVENT LAST 5 DAYS)",
    "once": "COUNT(ANY EVENT) = 1",
    "alone": "SEQUENCE(ANY EVENT THEN ANY EVENT)",
    "named": 'DID("consent-recorded")',
    "counted": "profile@computed.done = 1",
    "agreed": 'CONSENTED("letters")',
}
HELD = {"quiet", "once", "named", "counted", "agreed"}


def by_hand(shop: Shop, profile: Profile, at: datetime | None = None) -> Any:
    said = {"consent": "letters", "decision": "given", "reference": "Letter", "day": f"{at or timezone.now():%Y-%m-%d}"}
    client = client_of("Data steward")
    return client.post(reverse("admin:profile_consents", args=[profile.pk]), said)


def by_program(shop: Shop, profile: Profile, at: datetime | None = None) -> Any:
    body = {
        "source_id": str(shop.source.id),
        "consents": {"letters": True},
        **({"decided_at": at.isoformat()} if at else {}),
    }
    return program(Scope.CONSENTS_WRITE).post(f"/api/profiles/{profile.id}/consents", body, format="json")


@pytest.fixture
def anna(shop: Shop) -> Profile:
    """Somebody who looked at a page ten days ago, which a computed trait counts."""
    definitions.save(ComputedTraitFactory.build(key="done", function="count", event_types=[], path=""))
    ConsentTypeFactory(id="letters", name="Letters by post")
    shop.now = timezone.now() - timedelta(days=10)
    shop.call("track", userId="anna", event="page-view")
    return person(primary_id="anna")


@pytest.mark.parametrize("record", [by_hand, by_program])
@pytest.mark.parametrize("is_old", [False, True])
def test_what_is_recorded_for_somebody_makes_them_no_more_active(
    shop: Shop, anna: Profile, record: Recording, *, is_old: bool
) -> None:
    rows = {name: segment(name, text) for name, text in ASKED.items()}
    run(Reevaluation.Kind.BUILD, *rows, now=timezone.now())

    record(shop, anna, timezone.now() - LONG_AGO if is_old else None)

    assert ConsentDecision.objects.get().profile_id == anna.id
    seen = person(primary_id="anna")
    assert (seen.event_count, seen.first_seen_at, seen.last_seen_at, seen.last_active_at, seen.visit_count) == (
        anna.event_count,
        anna.first_seen_at,
        anna.last_seen_at,
        anna.last_active_at,
        anna.visit_count,
    )
    assert {name for name in rows if members(name)} == HELD  # as evaluated at once, in memory
    run(Reevaluation.Kind.BUILD, *rows, now=timezone.now())
    assert {name for name in rows if members(name)} == HELD  # and in SQL
    assert types_of(seen)[-1 if not is_old else 0] == "consent-recorded"


def test_what_was_recorded_counts_as_little_when_a_merge_is_undone(shop: Shop, anna: Profile) -> None:
    shop.call("track", userId="bo", event="page-view")
    merging_by_hand.merge(anna.id, person(primary_id="bo").id, actor=ANNA, now=shop.later(seconds=1))
    merge = Merge.objects.get()
    whole = person(id=merge.kept_via)
    by_hand(shop, whole)
    shop.now = timezone.now()
    shop.undo(merge)

    assert Event.objects.filter(type="consent-recorded").count() == 1
    assert all(each.event_count == anna.event_count for each in Profile.objects.all())
    assert max(each.last_seen_at for each in Profile.objects.all()) < timezone.now() - timedelta(days=9)
    assert [each.computed["done"] for each in Profile.objects.all()] == [1, 1]
