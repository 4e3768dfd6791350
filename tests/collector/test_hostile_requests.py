"""Requests made along the API's own description, and against it: whatever comes, the answer is never a 5xx."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from factory.django import DjangoModelFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from apps.api.scopes import Scope
from apps.collector import accept
from apps.core import keys
from apps.events.models import InboxItem, Source
from tests.bridges.factories import ConnectionFactory, DeliveryFactory
from tests.factories import ConsentTypeFactory, ProfileFactory, SourceFactory
from tests.flows.factories import FlowFactory, RunFactory

API = schemathesis.openapi.from_wsgi("/api/schema?format=json", get_wsgi_application())
# The short names of Segment's calls are the same views.
FOUND = API.exclude(path_regex="^/v1/[a-z]$").get_all_operations()
NAMED: dict[str, type[DjangoModelFactory[Any]]] = {
    "profile_id": ProfileFactory,
    "connection_id": ConnectionFactory,
    "delivery_id": DeliveryFactory,
    "run_id": RunFactory,
}
OPERATIONS = {operation.label: operation for operation in (result.ok() for result in FOUND)}


@pytest.fixture
def names(db: None, alone: None) -> Iterator[dict[str, str]]:
    """The names of sources that exist; in the end, what they accepted is processed, and nothing of it is set aside."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # as Django's test client does: it would end the test's transaction
    api, webhook = SourceFactory(), SourceFactory(kind=Source.Kind.WEBHOOK, creates_profiles=True)
    ConsentTypeFactory()
    _, key = keys.issue("Attacker", Scope, created_by="anna", now=datetime.now(UTC))
    yield {"id": str(api.id), "write_key": api.write_key, "webhook": str(webhook.id), "key": key}
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    while accept.ingest(500, at=datetime.now(UTC)):
        pass
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_ends_in_a_server_error(name: str, names: dict[str, str]) -> None:
    made = [OPERATIONS[name].as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(made))
    def attack(case: Case) -> None:
        aim(case, names)
        answer = case.call()
        assert answer.status_code < 500, answer.text

    attack()


def aim(case: Case, names: dict[str, str]) -> None:
    """Name what exists, a source, a key, a person or a flow, where the request names one: no other gets in."""
    if case.path.startswith("/api/"):
        case.headers["Authorization"] = f"Bearer {names['key']}"
    if "source_id" in case.path_parameters:
        case.path_parameters["source_id"] = names["webhook"]
    for parameter, factory in NAMED.items():
        if parameter in case.path_parameters:
            case.path_parameters[parameter] = str(factory().pk)
    if "key" in case.path_parameters:
        case.path_parameters["key"] = FlowFactory().key
    if isinstance(case.body, dict) and "source_id" in case.body:
        case.body["source_id"] = names["id"]
    if isinstance(case.body, dict) and isinstance(case.body.get("source"), dict):
        case.body["source"]["id"] = names["id"]
    if case.path.startswith("/v1/"):
        case.headers["Authorization"] = "Basic " + base64.b64encode(f"{names['write_key']}:".encode()).decode()
