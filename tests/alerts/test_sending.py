"""How what is to be told gets there: once, in its order, though channels are dead and senders are killed."""

import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from django.utils import timezone

from apps.alerts import delivery, sending
from apps.alerts.models import Alert, Channel, Notification
from apps.alerts.sending import Sender, send_next
from apps.core import claims
from tests.alerts.factories import AlertFactory, ChannelFactory, IncidentFactory, NotificationFactory
from tests.factories import NOON
from tests.live import wait_for
from tests.outside import Outside, outside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel(server: Outside) -> Channel:
    made: Channel = ChannelFactory(address=server.address)
    return made


def send_all(channel: Channel, now: datetime) -> None:
    while send_next(channel.pk, now=now):
        pass


def ids(server: Outside) -> list[str]:
    return [taken.headers["idempotency-key"] for taken in server.taken]


def test_what_is_due_is_sent_once(channel: Channel, server: Outside) -> None:
    row = NotificationFactory(channel=channel)
    for _ in range(2):
        send_all(channel, timezone.now())

    assert ids(server) == [str(row.pk)]
    row.refresh_from_db()
    assert (row.due_at, row.error) == (None, "")
    assert row.sent_at is not None


def test_what_a_dead_channel_does_not_take_arrives_once_it_lives(channel: Channel, server: Outside) -> None:
    server.status = 503
    row = NotificationFactory(channel=channel)
    for secs in (2, 10, 60, 300, 900, 3_600):
        before = timezone.now()
        send_all(channel, row.due_at)
        after, _ = timezone.now(), row.refresh_from_db()
        assert row.due_at - after <= timedelta(seconds=secs) <= row.due_at - before
        assert row.error == "The answer was 503."

    server.status = 200
    send_all(channel, row.due_at)
    row.refresh_from_db()
    assert (row.due_at, row.error) == (None, "")
    assert len(set(ids(server))) == 1


def test_after_about_a_day_it_is_given_up_and_says_why(channel: Channel, server: Outside) -> None:
    server.status = 503
    row = NotificationFactory(channel=channel, attempts=Notification.MAX_ATTEMPTS - 1)

    send_all(channel, NOON)

    row.refresh_from_db()
    assert row.due_at is None
    assert row.dead_at is not None
    assert row.error == "The answer was 503."
    tries = timedelta(hours=Notification.MAX_ATTEMPTS - 6)
    assert timedelta(hours=20) < tries < timedelta(hours=28)


def test_nobody_hears_that_it_is_over_before_they_heard_that_it_began(channel: Channel, server: Outside) -> None:
    server.status = 503
    opened = NotificationFactory(channel=channel)
    send_all(channel, NOON)
    over = NotificationFactory(
        channel=channel,
        incident=opened.incident,
        what=Notification.What.RECOVERED,
        created_at=NOON + timedelta(seconds=1),
        due_at=NOON + timedelta(seconds=1),
    )
    server.status = 200
    opened.refresh_from_db()
    send_all(channel, opened.due_at - timedelta(milliseconds=1))
    assert ids(server) == [str(opened.pk)]  # the try that failed

    send_all(channel, opened.due_at + timedelta(minutes=1))

    send_all(channel, timezone.now() + timedelta(minutes=2))
    assert ids(server) == [str(opened.pk), str(opened.pk), str(over.pk)]


def test_a_channel_that_hangs_holds_no_other_up(channel: Channel, server: Outside) -> None:
    goes_on = threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        goes_on.wait(60)

    with outside() as dead:
        dead.handle = hang
        hanging = ChannelFactory(address=dead.address)
        for each in (hanging, channel, hanging):
            NotificationFactory(channel=each)
        sender = Sender()

        sender.begin()
        sender._busy[channel.pk].result(timeout=30)
        assert len(server.taken) == 1
        assert not sender._busy[hanging.pk].done()
        wait_for(lambda: len(dead.taken) == 1, "the request that hangs")
        sender.begin()  # nobody begins with a channel that somebody is busy with

        goes_on.set()
        sender.finish()
    assert len(dead.taken) == 2


def test_who_is_killed_while_sending_leaves_it_to_the_next_one_under_the_same_key(
    channel: Channel, server: Outside
) -> None:
    row = NotificationFactory(channel=channel)
    claims.claim(Notification, 1, now=timezone.now(), channel=channel.pk)  # whoever did so never comes back

    send_all(channel, timezone.now())
    assert server.taken == []
    send_all(channel, timezone.now() + Notification.LEASE + timedelta(seconds=1))

    assert ids(server) == [str(row.pk)]


def test_of_two_that_send_at_once_one_does(channel: Channel, server: Outside) -> None:
    rows = [NotificationFactory(channel=channel, incident=IncidentFactory()) for _ in range(6)]
    senders = [Sender() for _ in range(3)]
    for sender in senders:
        sender.begin()
    for sender in senders:
        sender.finish()

    assert sorted(ids(server)) == sorted(str(row.pk) for row in rows)


def test_what_waits_for_a_channel_that_was_switched_off_is_given_up(channel: Channel, server: Outside) -> None:
    row = NotificationFactory(channel=channel)
    Channel.objects.update(is_enabled=False)

    send_all(channel, NOON)

    row.refresh_from_db()
    assert (row.due_at, row.error, server.taken) == (None, sending.OFF, [])


def test_what_is_muted_waits_until_it_is_no_more_however_early(channel: Channel, server: Outside) -> None:
    alert = AlertFactory(muted_until=NOON + timedelta(hours=8))
    NotificationFactory(channel=channel, incident=IncidentFactory(alert=alert))
    send_next(channel.pk, now=NOON)
    send_next(channel.pk, now=NOON + timedelta(hours=7))
    assert server.taken == []
    Alert.objects.filter(pk=alert.pk).update(muted_until=None)

    send_next(channel.pk, now=NOON + timedelta(hours=7, minutes=1))

    assert len(server.taken) == 1


def test_what_kills_its_sender_again_and_again_is_given_up(channel: Channel) -> None:
    row = NotificationFactory(channel=channel, attempts=Notification.MAX_ATTEMPTS)

    sending.heal(timezone.now())

    row.refresh_from_db()
    assert (row.due_at, row.error) == (None, claims.DIED)


def test_a_mistake_of_ours_is_tried_again(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("apps.alerts.delivery.post_json", fail)
    monkeypatch.setattr("apps.alerts.channels.signed_webhook.post_json", fail)
    row = NotificationFactory(channel=channel)

    send_all(channel, NOON)

    row.refresh_from_db()
    assert row.error == delivery.FAILED
    assert row.due_at is not None
