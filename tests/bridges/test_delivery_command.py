"""Deliveries from the command line."""

import json

import pytest
from django.core.management import CommandError, call_command

from apps.bridges.models import Delivery
from apps.core.models import AuditEntry
from tests.bridges.factories import ConnectionFactory, DeliveryFactory, ended

pytestmark = pytest.mark.django_db
Outcome = Delivery.Outcome


def test_the_list_has_a_line_for_each_and_nothing_of_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    crm = ConnectionFactory(name="CRM")
    DeliveryFactory(key="a", connection=crm, request={"body": "secret"})
    ended(Outcome.REFUSED, key="b", error="The answer was 400.")

    call_command("deliveries", "list")
    printed = capsys.readouterr().out
    assert [json.loads(line)["key"] for line in printed.splitlines()] == ["b", "a"]
    assert "secret" not in printed

    call_command("deliveries", "list", "--connection", "CRM", "--limit", "5")
    assert [json.loads(line)["key"] for line in capsys.readouterr().out.splitlines()] == ["a"]
    call_command("deliveries", "list", "--outcome", "refused")
    assert [json.loads(line)["error"] for line in capsys.readouterr().out.splitlines()] == ["The answer was 400."]


def test_some_are_tried_again_and_cancelled(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = (ended(Outcome.REFUSED) for _ in range(3))

    call_command("deliveries", "retry", str(first.pk))
    assert capsys.readouterr().out == "1 delivery was retried.\n"
    call_command("deliveries", "retry", "--outcome", "refused")
    assert capsys.readouterr().out == "2 deliveries were retried.\n"
    call_command("deliveries", "cancel", str(second.pk), str(third.pk))
    assert set(Delivery.objects.filter(outcome=Outcome.CANCELLED)) == {second, third}
    call_command("deliveries", "cancel", "--all")
    assert not Delivery.objects.exclude(outcome=Outcome.CANCELLED).exists()
    assert AuditEntry.objects.filter(action="cancelled").count() == 2
    capsys.readouterr()
    call_command("deliveries", "cancel", "--all")
    assert "Nothing was changed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("retry",), "Name deliveries"),
        (("cancel", "5"), "5 is no id of a delivery"),
        (("list", "--connection", "CRM"), "There is no connection CRM. There are: none."),
        (("list", "--limit", "-1"), "--limit: -1 is to be a whole number, 1 or more"),
        (("retry", "01990000-0000-7000-8000-000000000000"), "There is no delivery 01990000"),
    ],
)
def test_what_makes_no_sense_is_said(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        call_command("deliveries", *words)
