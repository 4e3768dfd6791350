"""Connections from the command line."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.bridges.models import Connection
from apps.core.models import AuditEntry
from tests.bridges.factories import ConnectionFactory, DeliveryFactory
from tests.outside import Outside

pytestmark = pytest.mark.django_db


def test_the_list_has_a_line_for_each_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    held = ConnectionFactory(name="A", held_at=timezone.now(), held_because="401")
    ConnectionFactory(name="B")
    DeliveryFactory(connection=held)

    call_command("connection", "list")

    printed = capsys.readouterr().out
    first, second = map(json.loads, printed.splitlines())
    assert (first["name"], first["held_because"], first["n_waiting"]) == ("A", "401", 1)
    assert (second["held_since"], second["n_waiting"]) == (None, 0)
    assert "sesame" not in printed


def test_a_try_says_of_each_part_how_it_went(system: Outside, capsys: pytest.CaptureFixture[str]) -> None:
    ConnectionFactory(name="CRM", settings={"base_url": system.address, "auth": "bearer"})

    call_command("connection", "test", "CRM")
    assert "Sign-in: well. It takes the credentials" in capsys.readouterr().out

    system.status = 401
    with pytest.raises(CommandError, match="Nothing could be sent to CRM now"):
        call_command("connection", "test", "CRM")
    with pytest.raises(CommandError, match=r"It was not tried\. The connection CRM has no settings for tests"):
        call_command("connection", "test", "CRM", "--as-test")
    assert AuditEntry.objects.filter(action="tested").count() == 3


def test_one_that_is_held_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    ConnectionFactory(name="CRM", held_at=timezone.now(), held_because="401")

    call_command("connection", "release", "CRM")
    call_command("connection", "release", "CRM")

    assert Connection.objects.get().held_at is None
    assert capsys.readouterr().out.splitlines() == ["CRM sends again.", "CRM was not held."]
    with pytest.raises(CommandError, match="There is no connection ERP"):
        call_command("connection", "release", "ERP")
