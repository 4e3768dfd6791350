"""What conditions in flows may ask: at nodes, by triggers, by exits and goals, as definitions are checked."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.admin.conditions.languages import LANGUAGES
from tests.flows.drawing import drawn
from tests.flows.test_flow_admin import as_role

pytestmark = pytest.mark.django_db
PAST = 'DID("sale-completed" LAST 30 DAYS)'


def read(client: Client, language: str, text: str) -> dict[str, Any]:
    address = reverse("admin:conditions_read", args=[language])
    answer = client.post(address, {"text": text}, content_type="application/json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("language", "text", "refusal"),
    [
        ("flow-steps", 'event@properties.value > 50 AND memory@order EXISTS AND session@channel = "web"', ""),
        ("flow-steps", PAST, ""),
        ("flow-steps", "session@chanel EXISTS", "session@chanel"),
        ("flow-entry", "event@properties.value > 50 AND profile@visits.count > 1", ""),
        ("flow-entry", PAST, "Past events are not at hand here"),
        ("flow-entry", "memory@order EXISTS", "Nothing is known of memory@order here."),
        ("flow-rules", "event@properties.order = memory@order", ""),
        ("flow-rules", PAST, "Past events are not at hand here"),
    ],
)
def test_each_asks_what_is_known_there(admin_client: Client, language: str, text: str, refusal: str) -> None:
    answer = read(admin_client, language, text)

    assert refusal in answer.get("error", {}).get("message", "")
    assert bool(answer.get("error")) is bool(refusal)


def test_the_builder_is_told_what_it_may_offer(admin_client: Client) -> None:
    for language in (LANGUAGES[name] for name in ("flow-steps", "flow-entry", "flow-rules")):
        told = admin_client.get(reverse("admin:conditions_fields", args=[language.name])).json()

        assert (told["roots"], told["has_past"]) == (list(language.roots), language.has_past)
        paths = {field["path"] for field in told["fields"]}
        assert {"profile@visits.count", "session@channel", "event@type"} <= paths
    assert LANGUAGES["people"].roots == ("profile",)


def test_who_may_look_at_flows_may_ask_and_who_sees_no_names_asks_for_none() -> None:
    drawn()

    error = read(as_role("Analyst"), "flow-steps", 'profile@email = "anna@example.com"')["error"]

    assert "personal data" in error["message"]
