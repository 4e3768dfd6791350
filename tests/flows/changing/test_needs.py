"""What a definition names is known: for its file, and for who deletes a flow."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.flows.changing import portable
from apps.flows.changing.needs import needs
from apps.flows.models import Flow, FlowVersion
from apps.segments.models import Segment
from tests.factories import SegmentFactory
from tests.flows.drawing import drawn, published

MAIL: dict[str, Any] = {
    "id": "mail",
    "kind": "email",
    "settings": {"connection": "Shop mail", "subject": "Hello", "html": "<p>Hi</p>"},
}
DOCUMENT: dict[str, Any] = {
    "triggers": [
        {"id": "a", "kind": "event", "event_type": "checkout-started"},
        {"id": "b", "kind": "segment", "segment": "vip"},
    ],
    "consents": ["letters"],
    "exits": [{"event_type": "sale-completed", "condition": 'profile@segments CONTAINS "lost"'}],
    "nodes": [
        {"id": "start", "kind": "start"},
        MAIL,
        {"id": "sub", "kind": "sub-flow", "settings": {"flow": "welcome"}},
        {"id": "odd", "kind": "email", "settings": {"connection": 7}},
        {"id": "none", "kind": "no-such-kind"},
        {"id": "off", "kind": "sub-flow", "settings": {"flow": "farewell"}, "is_disabled": True},
    ],
}


def test_all_that_a_definition_names_is_found_whatever_mistakes_it_has() -> None:
    assert needs(DOCUMENT) == {
        "connection": ["Shop mail"],
        "consent": ["letters"],
        "event_type": ["checkout-started", "sale-completed"],
        "flow": ["welcome"],
        "segment": ["lost", "vip"],
    }
    assert needs(None) == needs({}) == {}


@pytest.mark.django_db
def test_a_file_says_what_it_needs_and_comes_back_with_it() -> None:
    row = Flow(key="mail", name="Mail", draft=DOCUMENT)

    assert portable.export(row, row.draft)["needs"]["connection"] == ["Shop mail"]


@pytest.mark.django_db
def test_a_segment_that_a_published_flow_asks_about_stays(admin_client: Client) -> None:
    segment = SegmentFactory(key="vip", name="VIP", kind="list")
    row = drawn()
    FlowVersion.objects.filter(pk=published(row).pk).update(definition=DOCUMENT)
    delete = reverse("admin:segments_segment_delete", args=[segment.pk])

    assert "Flows ask about it: Welcome." in admin_client.get(delete).content.decode()
    admin_client.post(delete, {"post": "yes", "name": "VIP"})

    assert Segment.objects.filter(pk=segment.pk).exists()
