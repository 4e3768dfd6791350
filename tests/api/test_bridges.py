"""What programs do with bridges: see how they go, pause them, and let them read on."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.api.scopes import Scope
from apps.core.models import AuditEntry
from apps.inbound.models import Consumer
from tests.inbound.factories import BridgeDeadLetterFactory, ShelfBridgeFactory
from tests.programs import program

pytestmark = pytest.mark.django_db


def ask(method: str, path: str = "", *, status: int = 200, scopes: tuple[Scope, ...] = tuple(Scope)) -> Any:
    answer = getattr(program(*scopes), method)(f"/api/bridges{path}", format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_each_is_told_with_how_it_goes() -> None:
    alone, row = ShelfBridgeFactory(name="Alone"), ShelfBridgeFactory(name="Orders")
    now = timezone.now()
    said = {"heard_at": now, "n_waiting": 12, "oldest_at": now, "per_sec": 2.5, "n_read": 9}
    Consumer.objects.create(bridge=row, replica="host-1", state=Consumer.State.READING, **said)
    BridgeDeadLetterFactory(bridge=row)

    found = ask("get")["results"]

    assert [(each["name"], each["health"], each["state"]) for each in found] == [
        ("Orders", "well", "connected"),
        ("Alone", "failed", "does not run"),
    ]
    assert "run_bridge" in found[1]["message"]
    one = ask("get", f"/{row.pk}")
    assert (one["n_waiting"], one["per_sec"], one["n_dead_letters"]) == (12, 2.5, 1)
    assert (one["settings"], one["source_id"]) == ({"topic": "orders"}, str(row.source_id))
    assert [(each["replica"], each["state"], each["n_read"]) for each in one["consumers"]] == [("host-1", "reading", 9)]
    assert ask("get", f"/{alone.pk}")["consumers"] == []


def test_one_is_paused_and_resumed_and_that_is_on_record() -> None:
    row = ShelfBridgeFactory()

    assert ask("post", f"/{row.pk}/pause")["state"] == "paused"
    assert ask("post", f"/{row.pk}/resume")["paused_at"] is None
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True))[-2:] == ["paused", "resumed"]
    for path in ("", "/pause", "/resume"):
        ask("post" if path else "get", f"/{uuid4()}{path}", status=404)


def test_who_may_only_read_pauses_nothing() -> None:
    row = ShelfBridgeFactory()

    ask("post", f"/{row.pk}/pause", status=403, scopes=(Scope.BRIDGES_READ,))
    ask("get", status=403, scopes=(Scope.CONNECTIONS,))
