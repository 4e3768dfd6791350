"""A draft is tried out on a page, by whoever may change it."""

from typing import Any

import pytest
from django.test import Client

from apps.flows.models import Flow, Run
from tests.factories import ProfileFactory
from tests.flows.drawing import drawn
from tests.flows.test_flow_admin import address, as_role, text_of
from tests.flows.trying.test_cases import draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Flow:
    return drawn(draft=draft('profile@traits.plan = "pro"'))


def tried(client: Client, row: Flow, **filled: Any) -> str:
    answer = client.post(address("flows_try", row), filled)
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def test_a_person_goes_through_a_draft_on_a_page_and_nothing_is_done(admin_client: Client, row: Flow) -> None:
    anna = ProfileFactory(traits={"plan": "pro"})
    assert address("flows_try", row) in admin_client.get(address("flows_overview", row)).content.decode()
    assert "A person" in text_of(admin_client.get(address("flows_try", row)).content.decode())

    shown = tried(admin_client, row, person=str(anna.pk), event_type="seen", properties='{"value": 7}')

    assert "finished at end" in shown
    assert "condition is True" in shown
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"person": "nobody@example.com"}, "Nobody goes by this."),
        ({"profile": "7"}, "An object, with email"),
        ({"profile": '{"traits": 7}'}, "traits: this is of another kind."),
        ({"properties": "[]", "event_type": "seen"}, None),
        ({"properties": "[7]"}, "An object."),
        ({"profile": "{"}, "Enter a valid JSON."),
    ],
)
def test_what_cannot_be_tried_is_told(
    admin_client: Client, row: Flow, filled: dict[str, str], told: str | None
) -> None:
    shown = tried(admin_client, row, **filled)

    assert (told or "finished at end") in shown


def test_a_draft_with_mistakes_tells_them(admin_client: Client, row: Flow) -> None:
    broken = draft()
    broken["nodes"][1]["kind"] = "no-such-kind"
    Flow.objects.update(draft=broken)

    assert "no kind of node" in tried(admin_client, row)


def test_who_may_only_look_tries_nothing_and_a_marketer_does(row: Flow) -> None:
    made = '{"traits": {"plan": "pro"}}'

    assert as_role("Analyst").post(address("flows_try", row), {"profile": made}).status_code == 403
    assert "condition is True" in tried(as_role("Marketer"), row, profile=made)
