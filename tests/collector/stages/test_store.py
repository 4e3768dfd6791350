"""What is kept, and what never is."""

from typing import Any

import pytest

from apps.collector.stages.store import MAX_PAYLOAD, store
from apps.collector.track import Batch, Refusal, TrackedEvent
from apps.events import partitions
from apps.events.models import Event, RefusedEvent
from apps.profiles.identity import Claim
from apps.profiles.models import Alias, Identifier, Profile
from apps.sessions.models import Session
from tests.factories import NOON, ProfileFactory, SessionFactory, policy, track

pytestmark = pytest.mark.django_db


def refused(properties: dict[str, Any], type_: str = "x", **source: Any) -> str:
    event = TrackedEvent(type=type_, properties=properties, refusal=Refusal("code", "Message.", "events.0", 0))
    store(Batch([track(event, source=policy(**source))], NOON))
    return RefusedEvent.objects.get().payload


@pytest.mark.parametrize(
    ("properties", "payload"),
    [
        ({"a": 1}, '[{"type":"x","properties":{"a":1}}]'),
        ({"a": "\x00"}, '[{"type":"x","properties":{"a":"\\u0000"}}]'),
        ({"a": "\ud800"}, "[{'type': 'x', 'properties': {'a': '\\ud800'}}]"),
        ({"a": 10**30}, f"[{{'type': 'x', 'properties': {{'a': {10**30}}}}}]"),
    ],
)
def test_what_was_refused_can_be_looked_at_however_odd(properties: dict[str, Any], payload: str) -> None:
    assert refused(properties) == payload


def test_not_more_of_it_is_kept_than_is_looked_at() -> None:
    assert len(refused({"a": "x" * 50_000})) == MAX_PAYLOAD


def test_card_numbers_are_not_kept_even_if_refused() -> None:
    card = {"number": "4111111111111111", "cvv": "737"}

    payload = refused({"credit_card": card}, "payment-info-entered")

    assert "4111" not in payload
    assert "737" not in payload


def test_content_is_not_kept_where_keeping_it_takes_consent() -> None:
    assert refused({"secret": "x"}, required_consents=["marketing"]) == ""


def test_a_payload_that_was_refused_as_a_whole_is_noted_once() -> None:
    whole = track("a", "b", refusal=Refusal("bot", "A bot."))

    store(Batch([whole], NOON))

    assert RefusedEvent.objects.get().payload == '[{"type":"a","properties":{}},{"type":"b","properties":{}}]'
    assert not Event.objects.exists()


@pytest.mark.parametrize("option", ["saves_events", "saves_session", "saves_profile"])
def test_each_part_can_be_left_out(option: str) -> None:
    batch = Batch([], NOON)
    claim = Claim(anonymous_id="device", profile_ref=ProfileFactory.build().id)
    profile, raw_id = batch.directory.resolve(claim, session_profile_id=None, now=NOON)
    session = SessionFactory.build(profile=None)
    found = track(TrackedEvent(type="a", time=NOON), claim=claim, profile=profile, session=session, **{option: False})
    found.raw_profile_id = raw_id
    found.events[0].id = profile.id
    batch.tracks = [found]
    partitions.ensure([partitions.month_of(NOON)])
    store(batch)

    kept = {
        "saves_events": Event.objects.exists(),
        "saves_session": Session.objects.exists(),
        "saves_profile": Profile.objects.exists(),
    }
    assert kept == {name: name != option for name in kept}
    assert Identifier.objects.exists() == Alias.objects.exists() == kept["saves_profile"]
    event = Event.objects.first()
    if event:
        assert (event.session_id is None, event.profile_id is None) == (
            option == "saves_session",
            option == "saves_profile",
        )
