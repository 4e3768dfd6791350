"""What each kind of channel sends, seen by who takes it; and what it says where it is not taken."""

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

import pytest

from apps.alerts import delivery, notices
from apps.alerts.delivery import DeliveryError, Notice
from apps.alerts.models import Notification
from apps.core import signing
from cdp.processes import BASE_DIR
from tests.alerts.conftest import Mailbox
from tests.alerts.factories import ChannelFactory, IncidentFactory, NotificationFactory, minutes
from tests.factories import NOON
from tests.outside import Outside

NOTICE = Notice("0190-id", "alert.opened", "Inbox & <more>", "It waits.", "https://cdp.example/admin/", {"a": 1})


def test_a_mail_goes_to_all_recipients_and_a_repetition_has_the_same_id(mailbox: Mailbox) -> None:
    channel = ChannelFactory.build(kind="email", recipients="anna@example.com\nben@example.com\n")
    for _ in range(2):
        delivery.send(channel, NOTICE)

    first, second = mailbox.mails
    assert mailbox.recipients[:2] == ["anna@example.com", "ben@example.com"]
    assert first["Subject"] == "Inbox & <more>"
    assert first["From"] == "Platform <cdp@shop.example>"
    assert first["Message-ID"] == second["Message-ID"] == "<0190-id@shop.example>"
    assert first.get_content().replace("\r\n", "\n") == "It waits.\n\nhttps://cdp.example/admin/\n"


def test_no_name_of_an_alert_adds_a_line_to_the_head_of_a_mail(mailbox: Mailbox) -> None:
    channel = ChannelFactory.build(kind="email", recipients="anna@example.com")

    delivery.send(channel, Notice("i", "alert.opened", "A\nBcc: eve@example.com", "It waits.", ""))

    assert mailbox.mails[0]["Subject"] == "A Bcc: eve@example.com"
    assert mailbox.recipients == ["anna@example.com"]


def test_what_the_mail_server_says_is_told(mailbox: Mailbox, settings: Any) -> None:
    channel = ChannelFactory.build(kind="email", recipients="anna@example.com")
    mailbox.refusal = "550 5.7.1 no relaying"
    with pytest.raises(DeliveryError, match=r"The mail server said 550: 5\.7\.1 no relaying"):
        delivery.send(channel, NOTICE)
    settings.EMAIL_PORT = 1
    with pytest.raises(DeliveryError, match=r"No connection to the mail server 127\.0\.0\.1: connection refused"):
        delivery.send(channel, NOTICE)
    settings.EMAIL_HOST = ""
    with pytest.raises(DeliveryError, match="EMAIL_URL has to name one"):
        delivery.send(channel, NOTICE)


def test_a_webhook_gets_json_that_is_signed_as_standard_webhooks_says(server: Outside) -> None:
    channel = ChannelFactory.build(address=f"{server.address}/hook")

    delivery.send(channel, NOTICE)

    [taken] = server.taken
    assert json.loads(taken.body) == {
        "id": "0190-id",
        "type": "alert.opened",
        "title": "Inbox & <more>",
        "message": "It waits.",
        "link": "https://cdp.example/admin/",
        "data": {"a": 1},
    }
    assert taken.headers["idempotency-key"] == taken.headers["webhook-id"] == "0190-id"
    assert abs(int(taken.headers["webhook-timestamp"]) - time.time()) < 60
    key = base64.b64decode(channel.secret.removeprefix("whsec_"))
    signed = f"0190-id.{taken.headers['webhook-timestamp']}.".encode() + taken.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert taken.headers["webhook-signature"] == f"v1,{expected}"
    assert channel.secret not in f"{taken.headers}{taken.body!r}"


def test_a_receiver_checks_the_signature_as_the_document_shows(server: Outside) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (BASE_DIR / "docs/alerts.md").read_text(), re.DOTALL)
    shown: dict[str, Any] = {}
    exec(example, shown)
    channel = ChannelFactory.build(address=server.address)
    delivery.send(channel, NOTICE)
    [taken] = server.taken

    assert shown["is_ours"](channel.secret, taken.headers, taken.body)
    assert not shown["is_ours"](signing.new_secret(), taken.headers, taken.body)
    assert not shown["is_ours"](channel.secret, taken.headers, taken.body + b" ")


def test_slack_gets_text_in_which_nothing_is_markup(server: Outside) -> None:
    delivery.send(ChannelFactory.build(kind="slack", address=f"{server.address}/services/T0/B0/geheim"), NOTICE)

    text = json.loads(server.taken[0].body)["text"]
    assert text == "*Inbox &amp; &lt;more&gt;*\nIt waits.\n<https://cdp.example/admin/|Look at it>"


@pytest.mark.parametrize(
    ("status", "says"), [(500, "The answer was 500"), (404, "The answer was 404"), (302, "which leads elsewhere")]
)
@pytest.mark.parametrize("kind", ["webhook", "slack"])
def test_any_answer_but_success_is_told_without_the_address(server: Outside, kind: str, status: int, says: str) -> None:
    server.status = status

    with pytest.raises(DeliveryError, match=says) as failed:
        delivery.send(ChannelFactory.build(kind=kind, address=f"{server.address}/geheim"), NOTICE)

    assert "geheim" not in str(failed.value)


def test_an_address_of_our_own_network_is_refused() -> None:
    with pytest.raises(DeliveryError, match="private or reserved network"):
        delivery.send(ChannelFactory.build(address="http://169.254.169.254/latest"), NOTICE)


def test_a_kind_that_there_is_not_is_told() -> None:
    with pytest.raises(DeliveryError, match="no channel of the kind pager"):
        delivery.send(ChannelFactory.build(kind="pager"), NOTICE)


@pytest.mark.django_db
def test_a_notice_says_what_it_is_and_what_to_do_and_how_long_it_lasted(settings: Any) -> None:
    settings.PUBLIC_URL = "https://cdp.example"
    incident = IncidentFactory(
        alert__name="Inbox",
        alert__description="Restart ingest.",
        alert__severity="critical",
        last_seen_at=NOON + minutes(30),
    )
    opened = notices.notice_of(NotificationFactory(incident=incident, message="It waits."))
    incident.recovered_at = NOON + minutes(40)
    incident.save()
    over = notices.notice_of(
        NotificationFactory(incident=incident, message="It waits.", what=Notification.What.RECOVERED)
    )
    again = notices.notice_of(Notification.objects.get(what=Notification.What.OPENED))

    assert (opened.title, opened.message) == ("Inbox", "It waits.\n\nRestart ingest.")
    assert opened.link == f"https://cdp.example/admin/alerts/alert/{incident.alert_id}/change/"
    assert opened.data["alert"]["severity"] == "critical"
    assert opened == again, "A repetition says the same."
    assert (opened.type, over.type) == ("alert.opened", "alert.recovered")
    assert over.title == "Over: Inbox"
    assert over.message == "It is over. It was there for 30 minutes, since 2026-11-23 12:00 UTC:\n\nIt waits."
    assert over.data["incident"]["recovered_at"] == "2026-11-23T12:40:00+00:00"
