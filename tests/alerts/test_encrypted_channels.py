"""Addresses and secrets of channels are encrypted: those of before, too, and the way back is there."""

from secrets import token_urlsafe
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse

from apps.alerts import delivery
from apps.alerts.delivery import DeliveryError, Notice
from apps.alerts.models import Channel
from apps.core.signing import new_secret
from tests.alerts.factories import ChannelFactory

pytestmark = pytest.mark.django_db
BEFORE = [("alerts", "0002_recommended")]
ADDRESS = "https://hooks.slack.example/services/geheim"
NOTICE = Notice("1", "alert.test", "A test", "Nothing is wrong.", "")


def stored() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT address, secret FROM alerts_channel ORDER BY name")
        return cursor.fetchall()


def test_a_migration_encrypts_what_is_there_and_gives_it_back() -> None:
    secret = new_secret()
    ChannelFactory(name="A", address=ADDRESS, secret=secret)
    ChannelFactory(name="B", kind="email", address="", secret="")
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(BEFORE)
        assert stored() == [(ADDRESS, secret), ("", "")]
    finally:
        MigrationExecutor(connection).migrate(latest)

    assert "geheim" not in str(stored())
    assert stored()[1] == ("", "")
    channel = Channel.objects.get(name="A")
    assert (channel.address, channel.secret) == (ADDRESS, secret)


def test_what_no_key_opens_is_said_and_can_be_entered_anew(admin_client: Client, settings: Any) -> None:
    channel = ChannelFactory(name="Hook", kind="webhook", address=ADDRESS, secret=new_secret())
    settings.ENCRYPTION_KEYS = [token_urlsafe(50)]

    with pytest.raises(DeliveryError, match="No key of ENCRYPTION_KEYS opens it"):
        delivery.send(Channel.objects.get(), NOTICE)
    shown = admin_client.get(reverse("admin:alerts_channel_changelist")).content.decode()
    assert "an address that no key opens: enter it anew" in shown

    page, sent = reverse("admin:alerts_channel_change", args=[channel.pk]), {"name": "Hook", "is_enabled": "on"}
    assert "web_address" in admin_client.post(page, sent).context["adminform"].form.errors
    admin_client.post(page, {**sent, "web_address": "https://hook.example/anew"})
    found = Channel.objects.get()
    assert found.address == "https://hook.example/anew"
    assert found.secret.startswith("whsec_")
