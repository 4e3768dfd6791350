"""The admin's pages of what bridges could not take: found, read, tried again, deleted."""

import pytest
from django.contrib import messages
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.events.models import InboxItem, Source
from apps.inbound.admin import dead_letter
from apps.inbound.models import Bridge, BridgeDeadLetter
from tests.inbound.factories import BridgeDeadLetterFactory, ShelfBridgeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
LIST = reverse("admin:inbound_bridgedeadletter_changelist")
GOOD = b'{"type": "order-placed"}'


def page(row: BridgeDeadLetter, name: str = "change") -> str:
    return reverse(f"admin:inbound_bridgedeadletter_{name}", args=[row.pk])


def told(client: Client, address: str, sent: dict[str, object]) -> list[str]:
    return [str(message) for message in client.post(address, sent, follow=True).context["messages"]]


def test_they_are_listed_by_bridge(admin_client: Client) -> None:
    row = BridgeDeadLetterFactory(reason="It is no JSON.")
    BridgeDeadLetterFactory(reason="There is no event in it.")

    shown = admin_client.get(f"{LIST}?bridge={row.bridge_id}").content.decode()

    assert "It is no JSON." in shown
    assert "There is no event in it." not in shown
    assert "9\xa0bytes" in shown


def test_one_is_shown_as_it_came(admin_client: Client) -> None:
    row = BridgeDeadLetterFactory(body=b"\xff" + b"x" * 3000)
    shown = admin_client.get(page(row)).content.decode()
    for words in ("0000  ff 78 78", "1,977 bytes more", "orders", "shop", "It is no JSON."):
        assert words in shown

    assert "order-placed" in admin_client.get(page(BridgeDeadLetterFactory(body=GOOD))).content.decode()
    sent = admin_client.get(page(row, "download"))
    assert sent.content == b"\xff" + b"x" * 3000
    assert sent["Content-Type"] == "application/octet-stream"
    assert AuditEntry.objects.filter(action="exported", object_id=str(row.pk)).exists()


def test_one_is_tried_again_after_a_question(admin_client: Client) -> None:
    row = BridgeDeadLetterFactory(body=GOOD)
    assert "by the mapping of" in admin_client.get(page(row, "retry_one")).content.decode()

    assert told(admin_client, page(row, "retry_one"), {}) == ["1 message became events."]

    assert not BridgeDeadLetter.objects.exists()
    assert InboxItem.objects.count() == 1


def test_one_that_still_cannot_be_taken_stays_and_says_why(admin_client: Client) -> None:
    row = BridgeDeadLetterFactory(reason="of old")

    [said] = admin_client.post(page(row, "retry_one"), {}, follow=True).context["messages"]

    assert said.level == messages.WARNING
    assert str(said) == "0 messages became events. 1 message still cannot be taken: each says why."
    row.refresh_from_db()
    assert (row.n_tries, row.reason == "of old") == (2, False)


def test_all_of_a_filter_are_tried_again_and_counted(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = ShelfBridgeFactory()
    rows = [*BridgeDeadLetterFactory.create_batch(3, bridge=bridge, body=GOOD), BridgeDeadLetterFactory(bridge=bridge)]
    other = BridgeDeadLetterFactory(body=GOOD)
    sent = {"action": "retry", "select_across": "1", "_selected_action": [rows[0].pk]}

    assert told(admin_client, f"{LIST}?bridge={bridge.pk}", sent) == [
        "3 messages became events. 1 message still cannot be taken: each says why."
    ]
    assert set(BridgeDeadLetter.objects.values_list("pk", flat=True)) == {rows[3].pk, other.pk}
    assert AuditEntry.objects.get(action="retried").details["n"] == 4

    monkeypatch.setattr(dead_letter, "MOST_CHANGED", 1)
    assert (
        "There are more: 1 are done at once." in told(admin_client, LIST, {**sent, "_selected_action": [other.pk]})[0]
    )


def test_those_of_a_bridge_that_takes_nothing_are_not_tried_and_keep_no_other(admin_client: Client) -> None:
    off, well = BridgeDeadLetterFactory(body=GOOD), BridgeDeadLetterFactory(body=GOOD)
    Source.objects.filter(pk=off.bridge.source_id).update(is_enabled=False)
    sent = {"action": "retry", "_selected_action": [off.pk, well.pk]}

    said = told(admin_client, LIST, sent)

    assert f"Nothing of {off.bridge} was tried. The source {off.bridge.source} is switched off." in said
    assert "1 message became events." in said
    assert Bridge.objects.get(dead_letters=off.pk) == off.bridge


def test_they_are_deleted_and_counted(admin_client: Client) -> None:
    rows = BridgeDeadLetterFactory.create_batch(3)
    assert "gone for good" in admin_client.get(page(rows[0], "discard_one")).content.decode()

    assert told(admin_client, page(rows[0], "discard_one"), {}) == ["1 message was deleted."]
    sent = {"action": "discard", "_selected_action": [row.pk for row in rows[1:]]}
    assert told(admin_client, LIST, sent) == ["2 messages were deleted."]
    assert not BridgeDeadLetter.objects.exists()
