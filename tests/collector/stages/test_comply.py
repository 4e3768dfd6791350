"""Without consent nothing is kept, where the source says so."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector.stages.comply import comply, is_given
from apps.collector.track import Batch, TrackedEvent
from apps.profiles.models import Profile
from tests.factories import NOON, ProfileFactory, policy, track

STRICT = policy(requires_consent=True)
GRANT, PAST, SOON = {"revoke": None}, {"revoke": "2026-11-23T11:00:00+00:00"}, {"revoke": "2026-11-23T13:00:00+00:00"}


@pytest.mark.parametrize(
    ("consents", "given"),
    [
        ({}, False),
        ({"a": GRANT}, True),
        ({"a": SOON}, True),
        ({"a": PAST}, False),
        ({"a": PAST, "b": GRANT}, True),
    ],
)
def test_one_consent_that_holds_is_enough(consents: dict[str, Any], given: bool) -> None:
    assert is_given(consents, now=NOON) == given


def said(consents: Any, minutes: int = 0) -> TrackedEvent:
    return TrackedEvent(
        type="consent-update", properties={"consents": consents}, time=NOON + timedelta(minutes=minutes)
    )


def kept(*events: TrackedEvent | str, profile: Profile | None, **values: Any) -> list[str]:
    found = track(*events, profile=profile, **{"source": STRICT, **values})
    comply(Batch([found], NOON))
    return [event.type for event in found.going]


@pytest.mark.parametrize(
    ("held", "consents", "is_kept"),
    [
        ({}, {"a": GRANT}, True),
        ({}, {"a": {"revoke": "2026-11-23T13:00:00Z"}}, True),
        ({}, {"a": PAST}, False),
        ({"a": GRANT}, {"a": PAST}, False),
        ({"a": GRANT}, {"b": PAST}, True),
        ({"a": GRANT}, {"a": None}, True),  # says nothing
        ({"a": GRANT}, {"a": {"revoke": "soon"}}, True),
        ({}, {"a": {"revoke": "soon"}}, False),
        ({}, {"": GRANT, "a.b": GRANT}, True),
        ({}, ["a"], False),
        ({}, None, False),
    ],
)
def test_what_is_said_counts_for_the_next_event(held: dict[str, Any], consents: Any, is_kept: bool) -> None:
    profile = ProfileFactory.build(consents=held)

    found = kept(said(consents), "page-view", profile=profile)

    assert found == ["consent-update", *(["page-view"] if is_kept else [])]
    assert profile.consents == held  # it is the stage `profile` that changes it


def test_a_withdrawal_that_comes_late_does_not_undo_a_newer_consent() -> None:
    profile = ProfileFactory.build()

    assert kept(said({"a": GRANT}), said({"a": PAST}, minutes=-5), "page-view", profile=profile)[-1] == "page-view"


def test_events_of_nobody_are_refused() -> None:
    assert kept("page-view", said({"a": GRANT}), profile=None) == ["consent-update"]


def test_other_sources_keep_all_and_are_listened_to() -> None:
    profile = ProfileFactory.build()
    plain, strict = track(said({"a": GRANT}), "x", profile=profile), track("y", profile=profile, source=STRICT)
    unsaved = track(said({"a": PAST}), profile=profile, saves_profile=False)

    comply(Batch([plain, unsaved, strict], NOON))

    assert [event.type for event in plain.going] == ["consent-update", "x"]
    assert [event.type for event in strict.going] == ["y"]


def test_a_refusal_names_the_event() -> None:
    found = track(TrackedEvent(type="x", index=3), source=STRICT, profile=ProfileFactory.build())

    comply(Batch([found], NOON))

    [refusal] = found.refusals()
    assert (refusal.code, refusal.field, refusal.index) == ("consent_required", "events.3", 3)
