"""What the consents of people allow to keep, track after track."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector import compliance
from apps.collector.compliance import Gate
from apps.collector.track import Track, TrackedEvent
from apps.profiles.identity import Directory
from apps.profiles.models import Profile
from tests.factories import NOON, ConsentTypeFactory, ProfileFactory, policy, track

pytestmark = pytest.mark.django_db
GRANT, PAST = {"revoke": None}, {"revoke": "2026-11-23T11:00:00+00:00"}


@pytest.fixture(autouse=True)
def consent_types() -> None:
    """What may be agreed to; the strict source requires the first."""
    for consent_id in ("a", "b"):
        ConsentTypeFactory(id=consent_id)
    compliance.current.forget()


STRICT = policy(required_consents=["a"], trusts_ids=True)  # who may decide is another story


def said(consents: Any, minutes: int = 0) -> TrackedEvent:
    time = NOON + timedelta(minutes=minutes)
    return TrackedEvent(type="consent-update", properties={"consents": consents}, time=time)


def gate(*profiles: Profile) -> Gate:
    return Gate(Directory(profiles={profile.id: profile for profile in profiles}), now=NOON)


def kept(*events: TrackedEvent | str, profile: Profile | None) -> list[str]:
    found: Track = track(*events, profile=profile, source=STRICT)
    gate().comply(found, profile)
    return [event.type for event in found.going]


@pytest.mark.parametrize(
    ("held", "consents", "is_kept"),
    [
        ({}, {"a": True}, True),
        ({}, {"a": GRANT}, True),
        ({}, {"a": {"revoke": "2026-11-23T13:00:00Z"}}, True),
        ({}, {"a": PAST}, False),
        ({}, {"b": GRANT}, False),
        ({"a": GRANT}, {"a": False}, False),
        ({"a": GRANT}, {"a": PAST}, False),
        ({"a": GRANT}, {"b": PAST}, True),
        ({"a": GRANT}, {"a": None}, True),  # says nothing
        ({"a": GRANT}, {"a": {"revoke": "soon"}}, True),
    ],
)
def test_what_is_said_counts_for_the_next_event(held: dict[str, Any], consents: Any, is_kept: bool) -> None:
    profile = ProfileFactory.build(consents=held)

    found = kept(said(consents), "page-view", profile=profile)

    assert found == ["consent-update", *(["page-view"] if is_kept else [])]
    assert profile.consents == held  # it is the stage `profile` that changes it


@pytest.mark.parametrize("consents", [{"a": {"revoke": "soon"}}, {"unheard": GRANT}, {}, ["a"], None])
def test_what_decides_nothing_is_kept_of_nobody(consents: Any) -> None:
    assert kept(said(consents), "page-view", profile=ProfileFactory.build()) == []


def test_a_withdrawal_that_comes_late_does_not_undo_a_newer_consent() -> None:
    profile = ProfileFactory.build()

    assert kept(said({"a": True}), said({"a": False}, minutes=-5), "page-view", profile=profile)[-1] == "page-view"


def test_events_of_nobody_are_refused() -> None:
    assert kept("page-view", profile=None) == []


def test_what_one_track_decides_counts_for_the_next_one_if_it_is_stored() -> None:
    profile = ProfileFactory.build()
    batch = gate(profile)
    plain, strict = track(said({"a": True}), "x", profile=profile), track("y", profile=profile, source=STRICT)
    unsaved = track(said({"a": False}), profile=profile, saves_profile=False)

    for each in (plain, unsaved, strict):
        batch.comply(each, profile)
        batch.remember(each)

    assert [event.type for event in plain.going] == ["consent-update", "x"]
    assert [event.type for event in strict.going] == ["y"]


def test_only_what_takes_consent_is_looked_at() -> None:
    batch = gate()

    assert not batch.concerns(track("x"))
    assert batch.concerns(track("x", source=STRICT))
    assert batch.concerns(track(said({"a": True})))


def test_a_refusal_names_the_event_and_keeps_nothing_of_it() -> None:
    found = track(TrackedEvent(type="x", index=3), source=STRICT)

    gate().comply(found, ProfileFactory.build())

    [refusal] = found.refusals()
    assert (refusal.code, refusal.field, refusal.index) == ("consent_required", "events.3", 3)
    assert refusal.is_private
