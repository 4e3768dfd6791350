"""Connections know which flows send by them: drafts, what is published, and versions that people are still in."""

from typing import Any

import pytest

from apps.bridges import connections
from apps.bridges.connections import InUse
from apps.bridges.models import Connection
from apps.bridges.users import users_of
from apps.flows.models import Flow, Run
from tests.bridges.factories import ConnectionFactory
from tests.flows.factories import FlowFactory, FlowVersionFactory, RunFactory

pytestmark = pytest.mark.django_db


def calls(connection: str = "", url: str = "") -> dict[str, Any]:
    settings = {"where": "address", "url": url} if url else {"connection": connection}
    return {"nodes": [{"id": "call", "kind": "http-call", "settings": settings}]}


def titles(row: Connection) -> list[str]:
    return [user.title for user in users_of(row)]


def test_drafts_and_what_is_published_use_it_by_its_name_or_its_id() -> None:
    row, other = ConnectionFactory(name="CRM"), ConnectionFactory(name="ERP")
    FlowFactory(name="Draft", draft=calls("CRM"))
    published = FlowVersionFactory(flow=FlowFactory(name="Published"), definition=calls(str(row.pk)))
    Flow.objects.filter(pk=published.flow_id).update(version=published)
    FlowFactory(name="Elsewhere", draft=calls("ERP"))
    FlowFactory(name="Disabled", draft={"nodes": [calls("ERP")["nodes"][0] | {"is_disabled": True}]})

    assert titles(row) == ["Flow Draft", "Flow Published"]
    assert titles(other) == ["Flow Elsewhere"]
    with pytest.raises(InUse, match="Flow Draft, Flow Published"):
        connections.delete(row)


def test_a_version_of_before_uses_it_while_somebody_is_in_it() -> None:
    row = ConnectionFactory(name="CRM")
    old = FlowVersionFactory(flow=FlowFactory(name="Older"), definition=calls("CRM"))
    assert titles(row) == []

    run = RunFactory(version=old)
    assert titles(row) == ["Flow Older"]
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FINISHED)
    assert titles(row) == []


def test_that_of_an_address_is_used_by_who_names_the_address() -> None:
    row = connections.for_address("https://api.example.com/v1")
    FlowFactory(name="Caller", draft=calls(url="https://API.example.com/orders/{{ event@properties.id }}"))
    FlowFactory(name="Of another host", draft=calls(url="https://other.example.com/"))
    FlowFactory(name="Forbidden", draft=calls(url="https://10.0.0.1/"))

    assert titles(row) == ["Flow Caller"]


@pytest.mark.parametrize(
    "draft",
    [
        {},
        {"nodes": None},
        {"nodes": [None, {}, {"kind": "no such kind", "settings": {}}, {"kind": "http-call", "settings": 7}]},
        {"nodes": [{"kind": "http-call", "settings": {"connection": ["CRM"]}}]},
        {"nodes": [{"kind": "raise-event", "settings": {"connection": "CRM"}}]},
    ],
)
def test_a_draft_that_is_none_yet_uses_nothing(draft: Any) -> None:
    FlowFactory(draft=draft)

    assert titles(ConnectionFactory(name="CRM")) == []
