"""The admin's pages of alerts and channels: who may, what they refuse, and that no secret leaves."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import Alert, Channel
from apps.alerts.symptoms import Shape, kinds
from apps.core import beats
from apps.core.models import AuditEntry
from tests.alerts.conftest import Mailbox
from tests.alerts.factories import AlertFactory, ChannelFactory, IncidentFactory, NotificationFactory, minutes
from tests.factories import NOON, SourceFactory
from tests.outside import Outside

pytestmark = pytest.mark.django_db
ALERTS, ALERT_ADD = reverse("admin:alerts_alert_changelist"), reverse("admin:alerts_alert_add")
CHANNELS, CHANNEL_ADD = reverse("admin:alerts_channel_changelist"), reverse("admin:alerts_channel_add")
SECRET = "https://hooks.slack.example/services/T0/B0/geheim"


def page(row: Alert | Channel, name: str = "change") -> str:
    return reverse(f"admin:alerts_{row._meta.model_name}_{name}", args=[row.pk])


def fields(**more: Any) -> dict[str, Any]:
    """What the form of an alert sends."""
    always = {"name": "Silence", "severity": "critical", "is_enabled": "on", "for_minutes": 0, "recovery_minutes": 5}
    return {**always, **more}


def test_the_kind_of_an_alert_is_chosen_first(admin_client: Client) -> None:
    shown = admin_client.get(ALERT_ADD).content.decode()

    assert "What is to be watched?" in shown
    assert '?kind=silent_source"' in shown
    assert "What is to be watched?" in admin_client.get(f"{ALERT_ADD}?kind=nonsense").content.decode()


def test_an_alert_is_added_with_the_parameters_of_its_kind(admin_client: Client) -> None:
    source, channel = SourceFactory(), ChannelFactory()
    shown = admin_client.get(f"{ALERT_ADD}?kind=silent_source").content.decode()
    assert "Minutes without an event" in shown
    assert 'name="percent"' not in shown

    sent = fields(source=str(source.pk), minutes=30, is_learned="on", channels=[str(channel.pk)])
    admin_client.post(f"{ALERT_ADD}?kind=silent_source", sent)

    alert = Alert.objects.get(name="Silence")
    assert (alert.kind, alert.severity) == ("silent_source", "critical")
    assert alert.params == {"source": str(source.pk), "minutes": 30, "is_learned": True}
    assert list(alert.channels.all()) == [channel]
    form = admin_client.get(page(alert)).context["adminform"].form
    assert (form.initial["source"], form.initial["minutes"], form.initial["is_learned"]) == (str(source.pk), 30, True)


def test_an_alert_is_changed_and_what_it_was_is_on_record(admin_client: Client) -> None:
    alert = AlertFactory(kind="old_inbox", params={"minutes": 10})

    admin_client.post(page(alert), fields(minutes=20))

    alert.refresh_from_db()
    assert alert.params == {"minutes": 20}
    changes = AuditEntry.objects.get(action="changed").details["changes"]
    assert changes["params.minutes"] == {"before": 10, "after": 20}


@pytest.mark.parametrize(
    ("kind", "wrong", "field"),
    [
        ("silent_source", {"minutes": 0}, "minutes"),
        ("silent_source", {"minutes": "soon"}, "minutes"),
        ("silent_source", {"minutes": 5, "source": "0190c0de-0000-7000-8000-000000000000"}, "source"),
        ("refusal_rate", {"percent": 101, "least": 1, "minutes": 5}, "percent"),
        ("silent_process", {"minutes": 5, "process": "readiness"}, "process"),
        ("valkey_away", {"recovery_minutes": 100_000}, "recovery_minutes"),
        ("valkey_away", {"remind_hours": 0}, "remind_hours"),
        ("valkey_away", {"muted_until_0": "yesterday"}, "muted_until"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    admin_client: Client, kind: str, wrong: dict[str, Any], field: str
) -> None:
    before = Alert.objects.count()

    answer = admin_client.post(f"{ALERT_ADD}?kind={kind}", fields(**wrong))

    assert list(answer.context["adminform"].form.errors) == [field]
    assert Alert.objects.count() == before


def test_above_the_list_it_says_why_nobody_would_be_told(admin_client: Client) -> None:
    shown = admin_client.get(ALERTS).content.decode()
    assert "no process evaluates alerts" in shown
    assert "there is no notification channel yet" in shown
    beats.beat(beats.Name.ALERTS, at=timezone.now())
    ChannelFactory()

    shown = admin_client.get(ALERTS).content.decode()
    assert "no process evaluates alerts" not in shown
    assert "there is no notification channel yet" not in shown
    assert "not looked at yet" in shown


def test_the_list_shows_how_each_alert_is(admin_client: Client) -> None:
    Alert.objects.all().delete()
    IncidentFactory(alert=AlertFactory(name="open", looked_at=NOON))
    IncidentFactory(alert=AlertFactory(name="over", looked_at=NOON), recovered_at=NOON)
    AlertFactory(name="broken", problem="It could not be evaluated.")
    AlertFactory(name="muted", muted_until=timezone.now() + minutes(60))
    AlertFactory(name="off", is_enabled=False)
    AlertFactory(name="gone", kind="of another version")

    shown = admin_client.get(ALERTS).content.decode()

    for words in ("1 open", "all is well", "It could not be evaluated.", "muted until", ">off<", "of another version"):
        assert words in shown


def test_the_list_says_briefly_and_once_what_is_watched(admin_client: Client) -> None:
    Alert.objects.all().delete()
    refused = {"percent": 20, "least": 50, "minutes": 30}
    AlertFactory(name="Much is refused", kind="refusal_rate", params=refused)
    AlertFactory(name="Letters", kind="dead_letters", params={"most": 3})

    shown = admin_client.get(ALERTS).content.decode()

    assert "20% or more, at least 50, within 30 min" in shown
    assert shown.count(">Much is refused") == 1
    assert 'There are dead letters <small class="cdp-none">more than 3</small>' in shown


def test_each_number_of_a_kind_is_said_in_the_list() -> None:
    numbers = [param for kind in kinds.values() for param in kind.params if param.shape is Shape.NUMBER]

    assert [param.name for param in numbers if "{}" not in param.brief] == []


def test_an_alert_of_another_version_is_shown_and_not_changed(admin_client: Client) -> None:
    alert = AlertFactory(kind="of another version", params={"size": 1})

    assert admin_client.get(page(alert)).status_code == 200
    assert admin_client.post(page(alert), fields()).status_code == 403
    alert.refresh_from_db()
    assert alert.params == {"size": 1}


def test_the_page_of_an_alert_has_its_history_and_who_was_told(admin_client: Client) -> None:
    alert, channel = AlertFactory(), ChannelFactory(name="Night watch")
    incident = IncidentFactory(alert=alert, message="It waits.", recovered_at=NOON + minutes(5))
    NotificationFactory(incident=incident, channel=channel, due_at=None, sent_at=NOON)
    later = IncidentFactory(alert=alert, message="It waits again.")
    NotificationFactory(incident=later, channel=channel, error="The answer was 503.")
    IncidentFactory(alert=alert, subject="pending", opened_at=None, message="Not long enough.")

    shown = admin_client.get(page(alert)).content.decode()

    for words in ("It waits.", "It waits again.", "Night watch: told at 12:00:00", "The answer was 503.", "2026-11-23"):
        assert words in shown
    assert "Not long enough." not in shown
    assert "nothing was found yet" not in shown.lower()


def test_an_alert_is_muted_for_a_while_and_told_of_again(admin_client: Client) -> None:
    alert = AlertFactory(name="Inbox")
    mute = reverse("admin:alerts_alert_mute", args=[alert.pk])
    assert "Eight hours" in admin_client.get(mute).content.decode()

    admin_client.post(mute, {"hours": "8"})
    alert.refresh_from_db()
    assert alert.muted_until is not None
    assert minutes(479) < alert.muted_until - timezone.now() <= minutes(480)
    assert "Unmute" in admin_client.get(page(alert)).content.decode()
    assert "Unmute" in admin_client.get(mute).content.decode()
    admin_client.post(mute, {"hours": ""})

    alert.refresh_from_db()
    assert alert.muted_until is None
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["muted", "unmuted"]


def test_an_alert_is_deleted_by_its_name_with_its_history(admin_client: Client) -> None:
    incident = IncidentFactory(alert__name="Inbox")
    address = page(incident.alert, "delete")
    assert "1 incident." in admin_client.get(address).content.decode()

    admin_client.post(address, {"post": "yes", "name": "Inbox"})

    assert not Alert.objects.filter(pk=incident.alert_id).exists()


@pytest.mark.parametrize(
    ("kind", "sent", "field"),
    [
        ("email", {"recipients": ""}, "recipients"),
        ("email", {"recipients": "anna@example.com\nnobody"}, "recipients"),
        ("webhook", {"web_address": ""}, "web_address"),
        ("webhook", {"web_address": "ftp://shop.example"}, "web_address"),
        ("webhook", {"web_address": "http://127.0.0.1:6379/"}, "web_address"),
        ("slack", {"web_address": "http://169.254.169.254/"}, "web_address"),
    ],
)
def test_a_channel_that_could_not_work_is_refused(
    admin_client: Client, kind: str, sent: dict[str, str], field: str
) -> None:
    answer = admin_client.post(f"{CHANNEL_ADD}?kind={kind}", {"name": "Watch", "is_enabled": "on", **sent})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Channel.objects.exists()


def test_a_mailbox_is_added_with_several_recipients(admin_client: Client) -> None:
    assert "How are people to be told?" in admin_client.get(CHANNEL_ADD).content.decode()
    assert admin_client.get(f"{CHANNEL_ADD}?kind=email").status_code == 200

    sent = {"name": "Watch", "is_enabled": "on", "recipients": "anna@example.com, ben@example.com"}
    admin_client.post(f"{CHANNEL_ADD}?kind=email", sent)

    channel = Channel.objects.get()
    assert (channel.kind, channel.recipients) == ("email", "anna@example.com\nben@example.com")
    assert "anna@example.com" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_an_address_goes_in_and_never_out(admin_client: Client) -> None:
    sent = {"name": "Room", "is_enabled": "on", "web_address": SECRET}
    pages = [admin_client.post(f"{CHANNEL_ADD}?kind=slack", sent, follow=True)]
    channel = Channel.objects.get()
    assert channel.address == SECRET
    pages += [admin_client.get(page(channel)), admin_client.get(CHANNELS), admin_client.get(page(channel, "history"))]
    pages.append(admin_client.get(reverse("admin:alerts_channel_send_a_test", args=[channel.pk])))
    pages.append(
        admin_client.post(page(channel), {"name": "Room 2", "is_enabled": "on", "web_address": ""}, follow=True)
    )
    pages.append(admin_client.get(page(channel, "delete")))

    channel.refresh_from_db()
    assert (channel.name, channel.address) == ("Room 2", SECRET)
    for each in pages:
        assert each.status_code == 200
        assert "geheim" not in each.content.decode()
    assert "https://hooks.slack.example/…" in pages[1].content.decode()
    assert "geheim" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_that_a_channel_leads_elsewhere_is_on_record_whatever_else_is_changed(admin_client: Client) -> None:
    channel = ChannelFactory(kind="slack")
    for name, address in (("Room", ""), ("Hall", SECRET)):
        admin_client.post(page(channel), {"name": name, "is_enabled": "on", "web_address": address})

    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "changed",
        "redirected",
        "changed",
    ]
    assert "geheim" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_a_channel_that_fails_in_a_way_of_its_own_says_so_at_a_test(admin_client: Client) -> None:
    channel = ChannelFactory(secret="whsec_a")  # which nothing can be signed with

    test = reverse("admin:alerts_channel_send_a_test", args=[channel.pk])

    assert "It was not sent. It failed for" in admin_client.post(test, follow=True).content.decode()


def test_a_secret_of_a_webhook_is_shown_once_and_can_be_renewed(admin_client: Client) -> None:
    sent = {"name": "Hook", "is_enabled": "on", "web_address": "https://hook.example/cdp"}
    shown = admin_client.post(f"{CHANNEL_ADD}?kind=webhook", sent, follow=True).content.decode()
    channel = Channel.objects.get()
    assert channel.secret.startswith("whsec_")
    assert channel.secret in shown
    assert channel.secret not in admin_client.get(page(channel)).content.decode()

    again = admin_client.post(page(channel), {**sent, "web_address": "", "renews_secret": "on"}, follow=True)

    first = channel.secret
    channel.refresh_from_db()
    assert channel.secret != first
    assert channel.secret in again.content.decode()
    assert "rekeyed" in AuditEntry.objects.values_list("action", flat=True)
    assert "whsec_" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_a_test_arrives_or_says_what_failed(admin_client: Client, server: Outside, mailbox: Mailbox) -> None:
    hook = ChannelFactory(address=f"{server.address}/geheim")
    mail = ChannelFactory(kind="email", recipients="anna@example.com")

    def send(channel: Channel) -> str:
        return admin_client.post(
            reverse("admin:alerts_channel_send_a_test", args=[channel.pk]), follow=True
        ).content.decode()

    assert "It was sent." in send(hook)
    assert "It was sent." in send(mail)
    assert b'"alert.test"' in server.taken[0].body
    assert "Nothing is wrong" in mailbox.mails[0].get_content()
    server.status = 503
    told = send(hook)
    assert "It was not sent. The answer was 503." in told
    assert "geheim" not in told
    assert AuditEntry.objects.filter(action="tested").count() == 3


def test_a_mailbox_without_a_mail_server_says_so(admin_client: Client) -> None:
    ChannelFactory(kind="email", recipients="anna@example.com")

    assert "EMAIL_URL has to name one" in admin_client.get(CHANNELS).content.decode()


def test_the_state_of_a_channel_says_what_keeps_it_from_arriving(admin_client: Client) -> None:
    NotificationFactory(channel__name="Watch", error="The answer was 503.")

    shown = admin_client.get(CHANNELS).content.decode()

    assert "is tried again" in shown
    assert "The answer was 503." in shown


def test_who_deletes_a_channel_is_told_who_hears_of_it_instead(admin_client: Client) -> None:
    channel = ChannelFactory(name="Watch")
    AlertFactory().channels.add(channel)
    shown = admin_client.get(page(channel, "delete")).content.decode()
    assert "1 alert chose it. One that chose no other tells all channels from then on." in shown

    admin_client.post(page(channel, "delete"), {"post": "yes", "name": "Watch"})

    assert not Channel.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("Administrator", 200), ("Developer", 200), ("Marketer", 403)])
def test_alerts_are_for_those_who_operate(client: Client, role: str, status: int) -> None:
    user = User.objects.create(username="ben", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    alert, channel = AlertFactory(), ChannelFactory()
    mute = reverse("admin:alerts_alert_mute", args=[alert.pk])
    test = reverse("admin:alerts_channel_send_a_test", args=[channel.pk])

    for address in (ALERTS, ALERT_ADD, CHANNELS, CHANNEL_ADD, page(alert), page(channel), mute, test):
        assert client.get(address).status_code == status, address
