"""Segments of those who agreed: a decision moves people at once, an expiry with the next run."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core.mistakes import DefinitionError
from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Reevaluation, Segment
from tests.factories import ConsentTypeFactory, ProfileFactory
from tests.segments.people import members, run, segment
from tests.shop import Shop

pytestmark = pytest.mark.django_db
KEYS = ("given", "withdrawn", "expired", "never")
BARE = "profile@consents.letters EXISTS"


def decide(shop: Shop, decision: Any, session: str = "phone") -> Profile:
    shop.track({"type": "consent-update", "properties": {"consents": {"letters": decision}}}, session=session)
    return Profile.objects.get()


def where(profile: Profile) -> set[str]:
    return {key for key in KEYS if profile.id in members(key)}


@pytest.fixture
def shop(alone: None) -> Shop:
    """A shop, and a segment for each state of a consent that expires after ten days."""
    ConsentTypeFactory(id="letters", valid_days=10)
    for key, word in zip(KEYS, ("CONSENTED", "WITHDREW", "EXPIRED", "NEVER ASKED"), strict=True):
        segment(key, f'{word}("letters")')
    return Shop()


def test_whoever_decides_is_moved_by_the_same_batch(shop: Shop) -> None:
    shop.track("page-view", session="phone")
    assert where(Profile.objects.get()) == {"never"}

    assert where(decide(shop, True)) == {"given"}
    assert where(decide(shop, False)) == {"withdrawn"}
    assert where(decide(shop, {"revoke": None})) == {"given"}


def test_a_consent_that_expires_leaves_with_the_run_of_what_depends_on_time(shop: Shop) -> None:
    shop.now = timezone.now() - timedelta(days=11)
    one = decide(shop, True)
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    other = ProfileFactory(consents={"letters": {"revoke": tomorrow}})
    assert where(one) == {"given"}

    run(Reevaluation.Kind.FULL, *KEYS, now=timezone.now())

    assert where(one) == {"expired"}
    assert where(other) == {"given"}


def test_an_expired_consent_that_is_withdrawn_at_its_end_is_withdrawn(shop: Shop) -> None:
    shop.now = timezone.now() - timedelta(days=11)
    end = decide(shop, True).consents["letters"]["revoke"]
    run(Reevaluation.Kind.FULL, *KEYS, now=timezone.now())
    shop.now = timezone.now()

    assert where(decide(shop, {"revoke": end})) == {"withdrawn"}


def test_a_segment_that_was_stored_with_the_field_works_on_and_is_changed_only_to_what_says_more(shop: Shop) -> None:
    row = segment("old", 'profile@traits.plan = "pro"')
    Segment.objects.filter(pk=row.pk).update(condition=BARE, version=row.version + 1)
    row.refresh_from_db()
    row.name = "Old"

    definitions.save(row)  # whoever renames it, or switches it off, is not asked to repair it first
    assert decide(shop, False).id in members("old")

    row.condition = f"{BARE} AND profile@visits.count > 1"
    with pytest.raises(DefinitionError, match=r'Did you mean CONSENTED\("letters"\)'):
        definitions.save(row)


def test_a_new_segment_is_not_made_of_the_field(shop: Shop) -> None:
    with pytest.raises(DefinitionError, match="The field of a consent is not compared"):
        segment("old", BARE)


def test_expiries_are_looked_for(shop: Shop) -> None:
    known = {each.key: each for each in definitions.read().segments}

    assert [key for key in KEYS if known[key].is_time_dependent] == ["given", "withdrawn", "expired"]
    assert timedelta() == known["given"].reads.look_back
