"""Mails as events of people: by the shortest mapping, through the whole pipeline."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.collector.payload import Way
from apps.collector.pipeline import process
from apps.core.typed_settings import read
from apps.events.models import Event, Source
from apps.events.sources import COLUMNS, policy_of
from apps.inbound.mails import mail_messages
from apps.inbound.mails.mail_events import EVENTS, MODES
from apps.inbound.mails.mail_folder import Fetched
from apps.inbound.mails.marks import Mark
from apps.inbound.mails.settings import FolderSettings
from apps.inbound.mapping import mapper_of
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.inbound.mails.mails import mail, notification

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
MAPPING = {"shape": "raw", "event_type": "message@event"}
ANNA = "From: Anna <anna@shop.example>"


MAILS = {
    "received": mail(ANNA, "Message-ID: <1@b>"),
    "reply": mail(ANNA, "Message-ID: <1@b>", "In-Reply-To: <news-1@b>"),
    "bounce": notification("Final-Recipient: rfc822; anna@shop.example\nAction: failed\nStatus: 5.1.1"),
    "unsubscribe": mail(ANNA, "Message-ID: <1@b>", "To: leave@shop.example"),
}
TRAITS = {
    "received": {"id": "1@b"},
    "reply": {"id": "1@b", "conversation": "news-1@b"},
    "bounce": {"id": "news-1@shop.example", "status": "hard"},
    "unsubscribe": {"id": "1@b"},
}


def process_mail(raw: bytes, mode: str) -> None:
    row, _ = Source.objects.get_or_create(name="Mailbox", kind=Source.Kind.BRIDGE, trusts_ids=True)
    mapper = mapper_of(MAPPING, policy_of({name: getattr(row, name) for name in COLUMNS}))
    settings = read(FolderSettings, {"mode": mode})
    for received in mail_messages.received(Fetched(7, len(raw), NOW, raw, is_whole=True), settings, Mark(1, 0)):
        message = mapper.message(received, key=received.key, at=NOW)
        assert message is not None
        process(message.parse().payloads, now=NOW, way=Way.NOW)


@pytest.mark.parametrize("mode", MODES)
def test_a_mail_is_an_event_of_the_person_with_that_address(mode: str) -> None:
    raw = MAILS[mode].raw
    process_mail(raw, mode)
    process_mail(raw, mode)  # once more
    process_mail(raw.replace(b"<1@b>", b"<2@b>").replace(b"<bounce-1@", b"<bounce-2@"), mode)

    first, second = Event.objects.filter(type=EVENTS[mode]).order_by("id")
    assert first.time == NOW
    assert first.traits["data"]["message"].items() >= TRAITS[mode].items()
    assert first.profile_id == second.profile_id
    profile = Profile.objects.get(pk=first.profile_id)
    assert profile.data["contact"]["email"]["main"] == "anna@shop.example"


@pytest.mark.parametrize("mode", MODES)
def test_a_mail_opens_no_session_and_no_visit(mode: str) -> None:
    process_mail(MAILS[mode].raw, mode)

    assert not Session.objects.exists()
    assert Profile.objects.get().visit_count == 0
    # What the platform says of it is that somebody is new, and no more.
    assert set(Event.objects.values_list("type", flat=True)) == {"profile-created", EVENTS[mode]}


def test_whose_mail_came_back_is_not_active_by_that() -> None:
    process_mail(MAILS["received"].raw, "received")
    Profile.objects.update(last_active_at=NOW - timedelta(days=9))

    process_mail(MAILS["bounce"].raw, "bounce")
    assert Profile.objects.get().last_active_at == NOW - timedelta(days=9)

    process_mail(MAILS["reply"].raw.replace(b"<1@b>", b"<2@b>"), "reply")
    assert Profile.objects.get().last_active_at == NOW
