"""What programs see of deliveries, and the two things that they may do."""

from typing import Any

import pytest

from apps.api.scopes import Scope
from apps.bridges.models import Delivery
from apps.core.ids import new_id
from apps.core.models import AuditEntry
from tests.bridges.factories import DeliveryFactory, ended
from tests.factories import NOON
from tests.programs import program

pytestmark = pytest.mark.django_db
Outcome = Delivery.Outcome


def ask(method: str, path: str = "", *, status: int = 200, scope: Scope = Scope.DELIVERIES_READ) -> Any:
    answer = getattr(program(scope), method)(f"/api/deliveries{path}")
    assert answer.status_code == status, answer.content
    return answer.json()


def keys(query: str) -> list[str]:
    return [row["key"] for row in ask("get", f"?{query}")["results"]]


def test_one_is_told_with_what_it_asks_and_what_was_answered() -> None:
    tried = {"at": NOON.isoformat(), "said": "The answer was 422.", "status": 422, "ms": 5}
    answer = {"said": "The answer was 422.", "status": 422, "headers": {}, "body": "no such order"}
    row = ended(Outcome.REFUSED, answer=answer, tries=[tried], n_tries=1, error="The answer was 422.")

    found = ask("get", f"/{row.pk}")

    assert (found["key"], found["outcome"], found["request"]) == (row.key, "refused", row.request)
    assert (found["answer"], found["tries"][0]["status"]) == (answer, 422)
    assert found["due_at"] is None
    assert found["connection_id"] == str(row.connection_id)
    ask("get", f"/{new_id()}", status=404)


def test_the_list_is_narrowed() -> None:
    run, profile = new_id(), new_id()
    waits = DeliveryFactory(key="waits", origin_id=run, profile_id=profile)
    ended(Outcome.EXPIRED, key="expired")

    assert keys("") == ["expired", "waits"]
    assert keys("outcome=expired") == ["expired"]
    assert keys(f"origin_id={run}") == keys(f"profile_id={profile}") == ["waits"]
    assert keys(f"connection_id={waits.connection_id}") == keys("key=waits") == ["waits"]
    assert keys("since=2026-11-24T00:00:00Z") == []
    ask("get", "?outcome=lost", status=422)
    ask("get", "?state=expired", status=422)


def test_one_is_tried_again_and_cancelled_and_both_are_on_record() -> None:
    row = ended(Outcome.REFUSED)

    retried = ask("post", f"/{row.pk}/retry", scope=Scope.DELIVERIES_WRITE)
    assert (retried["outcome"], retried["error"]) == ("waiting", "")
    cancelled = ask("post", f"/{row.pk}/cancel", scope=Scope.DELIVERIES_WRITE)
    assert cancelled["outcome"] == "cancelled"
    assert ask("post", f"/{row.pk}/cancel", scope=Scope.DELIVERIES_WRITE, status=409)["code"] == "not_now"

    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["retried", "cancelled"]


def test_what_was_delivered_is_not_sent_again() -> None:
    row = ended(Outcome.DELIVERED)

    ask("post", f"/{row.pk}/retry", scope=Scope.DELIVERIES_WRITE, status=409)


def test_to_read_is_not_to_act() -> None:
    row = ended(Outcome.REFUSED)

    ask("post", f"/{row.pk}/retry", status=403)
    ask("get", f"/{row.pk}", scope=Scope.DELIVERIES_WRITE, status=403)
    ask("get", scope=Scope.CONNECTIONS, status=403)
