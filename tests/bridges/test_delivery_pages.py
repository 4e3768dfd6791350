"""The admin's pages of deliveries: what they show, who may, and what is done by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.bridges.models import Connection, Delivery
from apps.core.ids import new_id
from apps.core.models import AuditEntry
from tests.bridges.factories import ConnectionFactory, DeliveryFactory, ended
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LIST = reverse("admin:bridges_delivery_changelist")
Outcome = Delivery.Outcome


def page(row: Delivery, name: str = "change") -> str:
    return reverse(f"admin:bridges_delivery_{name}", args=[row.pk])


def listed(client: Client, **asked: Any) -> set[str]:
    answer = client.get(LIST, asked)
    assert answer.status_code == 200
    return {row.key for row in answer.context["cl"].result_list}


@pytest.fixture(params=["Marketer", "Analyst", "Developer"])
def somebody(request: Any, client: Client) -> tuple[str, Client]:
    user = User.objects.create_user("ben", is_staff=True)
    user.groups.add(Group.objects.get(name=request.param))
    client.force_login(user)
    return request.param, client


def test_the_list_says_of_each_what_became_of_it(admin_client: Client) -> None:
    held = ConnectionFactory(name="CRM", held_at=NOON, held_because="The answer was 401.")
    DeliveryFactory(connection=held, request={"method": "PUT", "path": "/people/5"})
    ended(Outcome.REFUSED, error="The answer was 400.", request={"to": "anna@example.com", "subject": "Hello"})
    orphan = DeliveryFactory()
    Connection.objects.filter(pk=orphan.connection_id).delete()

    shown = admin_client.get(LIST).content.decode()

    assert "PUT /people/5" in shown
    assert "its connection is held. The answer was 401." in shown
    assert "when its connection sends again" in shown
    assert "anna@example.com: Hello" in shown
    assert "The answer was 400." in shown
    assert "a connection that was deleted" in shown


def test_the_list_is_narrowed_and_searched(admin_client: Client) -> None:
    crm = ConnectionFactory()
    run, flow, profile = new_id(), new_id(), new_id()
    DeliveryFactory(key="waits", connection=crm, origin_id=run, parent_id=flow, profile_id=profile)
    ended(Outcome.REFUSED, key="refused")
    ended(Outcome.DELIVERED, key="delivered")

    assert listed(admin_client) == {"waits", "refused", "delivered"}
    assert listed(admin_client, outcome="refused") == {"refused"}
    assert listed(admin_client, connection=str(crm.pk)) == {"waits"}
    assert listed(admin_client, q="delivered") == {"delivered"}
    assert listed(admin_client, q="deliv") == set()
    for named in (run, flow, profile, crm.pk):
        assert listed(admin_client, q=str(named)) == {"waits"}


def test_a_page_shows_request_answer_and_tries(admin_client: Client) -> None:
    tries = [
        {"at": NOON.isoformat(), "said": "The answer was 503.", "status": 503, "ms": 12},
        {"at": NOON.isoformat(), "said": "The answer was 422.", "status": 422, "ms": 1_234},
    ]
    row = ended(
        Outcome.REFUSED,
        key="run-7",
        request={"method": "POST", "path": "/orders", "headers": {"X-Shop": "5"}, "body": '{"order": "A-17"}'},
        answer={"said": "The answer was 422.", "status": 422, "headers": {"x-request-id": "r-9"}, "body": "no such"},
        tries=tries,
        profile_id=new_id(),
    )

    shown = admin_client.get(page(row)).content.decode()

    for text in ("A-17", "X-Shop", "r-9", "no such", "1,234 ms", "The answer was 503.", "run-7", str(row.profile_id)):
        assert text in shown, text
    assert shown.index("The answer was 422.</td>") < shown.index("The answer was 503.</td>")
    for name in ("retry_one", "cancel_one"):
        assert page(row, name) in shown


def test_one_is_tried_again_once_somebody_has_said_yes(admin_client: Client) -> None:
    row = ended(Outcome.REFUSED)

    asked = admin_client.get(page(row, "retry_one")).content.decode()
    assert "under the same key" in asked
    assert "has gone on, by refused or error, and does not come back" in asked
    row.refresh_from_db()
    assert row.outcome == Outcome.REFUSED

    done = admin_client.post(page(row, "retry_one"), follow=True)
    row.refresh_from_db()
    assert "1 delivery is tried again at once." in done.content.decode()
    assert (row.outcome, row.due_at is not None) == (Outcome.WAITING, True)
    entry = AuditEntry.objects.get(action="retried")
    assert entry.details["ids"] == [str(row.pk)]


def test_one_is_cancelled(admin_client: Client) -> None:
    row = DeliveryFactory()

    done = admin_client.post(page(row, "cancel_one"), follow=True)

    row.refresh_from_db()
    assert "1 delivery is cancelled." in done.content.decode()
    assert row.outcome == Outcome.CANCELLED
    assert "Nothing was changed" in admin_client.post(page(row, "cancel_one"), follow=True).content.decode()


def test_many_are_tried_again_and_cancelled(admin_client: Client) -> None:
    refused = [ended(Outcome.REFUSED) for _ in range(3)]
    rests = DeliveryFactory(due_at=NOON + timedelta(days=9_999))

    def do(action: str, *rows: Delivery) -> str:
        chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
        return admin_client.post(LIST, chosen, follow=True).content.decode()

    assert "4 deliveries are tried again at once. A flow" in do("retry", *refused, rests)
    assert Delivery.objects.filter(outcome=Outcome.WAITING).count() == 4
    assert "4 deliveries are cancelled." in do("cancel", *refused, rests)
    assert Delivery.objects.filter(outcome=Outcome.CANCELLED).count() == 4


def test_who_may_see_and_who_may_act(somebody: tuple[str, Client]) -> None:
    role, client = somebody
    row = ended(Outcome.REFUSED)

    assert client.get(LIST).status_code == (403 if role == "Analyst" else 200)
    assert client.get(page(row)).status_code == (403 if role == "Analyst" else 200)
    assert client.post(page(row, "retry_one")).status_code == (302 if role == "Developer" else 403)
    row.refresh_from_db()
    assert (row.outcome == Outcome.WAITING) == (role == "Developer")
