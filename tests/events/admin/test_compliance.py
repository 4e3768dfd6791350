"""Compliance rules in the admin, and the consents that sources require."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.events.models import ComplianceRule, Source
from apps.events.store import partitions
from tests.factories import NOON, ComplianceRuleFactory, ConsentTypeFactory, EventFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def consent_types() -> None:
    for consent_id in ("letters", "statistics"):
        ConsentTypeFactory(id=consent_id)


def form(**changed: Any) -> dict[str, Any]:
    return {
        "name": "Addresses",
        "event_type": "sign-in",
        "part": "properties",
        "path": "email.main",
        "consents": ["letters"],
        "action": "drop",
        "is_enabled": "on",
        **changed,
    }


def test_a_rule_is_put_together_from_its_parts(admin_client: Client) -> None:
    answer = admin_client.post(reverse("admin:events_compliancerule_add"), form(consents=["letters", "statistics"]))

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    rule = ComplianceRule.objects.get()
    assert (rule.event_type, rule.field, rule.action) == ("sign-in", "event@properties.email.main", "drop")
    assert rule.consents == ["letters", "statistics"]
    assert AuditEntry.objects.get().action == "added"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"path": "email..main"}, "path"),
        ({"path": ""}, "path"),
        ({"part": "traits"}, "part"),
        ({"consents": ["unheard"]}, "consents"),
        ({"consents": []}, "consents"),
        ({"event_type": "unheard"}, "event_type"),
    ],
)
def test_what_makes_no_rule_is_refused_by_its_field(admin_client: Client, changed: Any, field: str) -> None:
    answer = admin_client.post(reverse("admin:events_compliancerule_add"), form(**changed))

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not ComplianceRule.objects.exists()


def test_a_rule_is_changed_and_shows_how_many_events_it_is_about(admin_client: Client) -> None:
    rule = ComplianceRuleFactory(field="event@properties.email", event_type="own-type", consents=["letters"])
    partitions.ensure([partitions.month_of(NOON)])
    EventFactory(type="own-type", properties={"email": "a@b.c"})
    EventFactory(type="own-type", properties={})
    page = reverse("admin:events_compliancerule_change", args=[rule.pk])

    shown = admin_client.get(page).content.decode()
    answer = admin_client.post(page, form(event_type="own-type", part="context", path="page.url", action="hash"))

    assert "1 of the latest 2 events have this field." in shown
    assert 'value="own-type" selected' in shown
    assert answer.status_code == 302
    rule.refresh_from_db()
    assert (rule.field, rule.action) == ("event@context.page.url", "hash")


def test_rules_are_listed_with_what_they_do(admin_client: Client) -> None:
    ComplianceRuleFactory(name="Addresses", event_type="", consents=["letters"])
    ComplianceRuleFactory(name="Phones", is_enabled=False)

    shown = admin_client.get(reverse("admin:events_compliancerule_changelist")).content.decode()

    for text in ("Addresses", "event@properties.email", "letters", "drop", "off"):
        assert text in shown


def test_a_source_requires_some_of_the_consents(admin_client: Client) -> None:
    source = SourceFactory()
    page = reverse("admin:events_source_change", args=[source.pk])
    values = {"name": "Shop", "kind": "api", "bots": "refuse", "allowed_origins": "", "required_consents": ["letters"]}

    answer = admin_client.post(page, values)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Source.objects.get().required_consents == ["letters"]
    assert 'value="letters"' in admin_client.get(page).content.decode()
