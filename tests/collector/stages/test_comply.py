"""What the consents of people allow to keep, payload after payload."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.collector.stages.comply import comply
from apps.collector.stages.dedupe import dedupe
from apps.events import consent_policy
from apps.profiles.identity import Claim, Directory
from apps.profiles.models import Profile
from tests.factories import NOON, ConsentTypeFactory, ProfileFactory, payload, policy

pytestmark = pytest.mark.django_db
GRANT, PAST = {"revoke": None}, {"revoke": "2026-11-23T11:00:00+00:00"}


@pytest.fixture(autouse=True)
def consent_types() -> None:
    """What may be agreed to; the strict source requires the first."""
    for consent_id in ("a", "b"):
        ConsentTypeFactory(id=consent_id)


STRICT = policy(required_consents=["a"], trusts_ids=True)  # who may decide is another story


def said(consents: Any, minutes: int = 0) -> PayloadEvent:
    time = NOON + timedelta(minutes=minutes)
    return PayloadEvent(type="consent-update", properties={"consents": consents}, time=time)


def of(profile: Profile | None) -> Claim:
    return Claim(profile_ref=profile.id) if profile else Claim()


def complied(*payloads: Payload, by: Profile | None) -> Batch:
    """Let payloads comply one after the other, as a batch of one person's."""
    directory = Directory(profiles={by.id: by} if by else {})
    batch = Batch(list(payloads), NOON, directory=directory)
    batch.policy = consent_policy.current.get()
    for each in payloads:
        comply(each, batch)
        each.profile = by
    return batch


def kept(*events: PayloadEvent | str, profile: Profile | None) -> list[str]:
    found: Payload = payload(*events, claim=of(profile), source=STRICT)
    complied(found, by=profile)
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
    plain = payload(said({"a": True}), "x", claim=of(profile))
    unsaved = payload(said({"a": False}), claim=of(profile), saves_profile=False)
    strict = payload("y", claim=of(profile), source=STRICT)

    complied(plain, unsaved, strict, by=profile)

    assert [event.type for event in plain.going] == ["consent-update", "x"]
    assert [event.type for event in strict.going] == ["y"]


def test_only_what_takes_consent_is_looked_at() -> None:
    batch = complied(payload("x"), payload(said({"a": True})), by=ProfileFactory.build())

    assert batch.deciding == batch.payloads[1:]


def test_a_refusal_names_the_event_and_keeps_nothing_of_it() -> None:
    found = payload(PayloadEvent(type="x", index=3), source=STRICT)

    complied(found, by=None)

    [refusal] = found.refusals()
    assert (refusal.code, refusal.field, refusal.index) == ("consent_required", "events.3", 3)
    assert refusal.is_private


def repetitions(*contents: int) -> list[PayloadEvent]:
    key = uuid4().hex
    return [PayloadEvent(type="x", key=key, content=content, time=NOON) for content in contents]


def test_a_repetition_of_what_was_refused_may_be_taken_and_is_then_the_one_that_others_repeat() -> None:
    profile = ProfileFactory.build()
    first, second, third = repetitions(1, 2, 2)
    found = payload(first, said({"a": True}), second, third, claim=of(profile), source=STRICT)
    batch = Batch([found], NOON, directory=Directory(profiles={profile.id: profile}), named=[found])
    batch.policy = consent_policy.current.get()

    dedupe(batch)
    assert [event.is_duplicate for event in (first, second, third)] == [False, True, True]
    assert second.differs
    comply(found, batch)

    assert [event.refusal is None for event in (first, second, third)] == [False, True, True]
    assert [event.is_duplicate for event in (first, second, third)] == [False, False, True]
    assert not third.differs
