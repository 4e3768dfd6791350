"""What is kept, and what never is."""

import pytest

from apps.collector.payload import Batch, PayloadEvent
from apps.collector.stages.store import store
from apps.core.refusal import Refusal
from apps.events.models import Event, RefusedEvent
from apps.events.store import partitions
from apps.profiles.identity import Claim
from apps.profiles.models import Alias, Identifier, Profile
from apps.sessions.models import Session
from tests.factories import NOON, ProfileFactory, SessionFactory, payload

pytestmark = pytest.mark.django_db


def test_a_track_that_was_refused_as_a_whole_is_noted_once() -> None:
    whole = payload("a", "b", refusal=Refusal("bot", "A bot."))

    store(Batch([whole], NOON))

    assert RefusedEvent.objects.get().code == "bot"
    assert not Event.objects.exists()


@pytest.mark.parametrize("option", ["saves_events", "saves_session", "saves_profile"])
def test_each_part_can_be_left_out(option: str) -> None:
    batch = Batch([], NOON)
    claim = Claim(anonymous_id="device", profile_ref=ProfileFactory.build().id)
    profile, raw_id = batch.directory.resolve(claim, session_profile_id=None, now=NOON)
    session = SessionFactory.build(profile=None)
    found = payload(PayloadEvent(type="a", time=NOON), claim=claim, profile=profile, session=session, **{option: False})
    found.raw_profile_id = raw_id
    found.events[0].id = profile.id
    batch.payloads = [found]
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
