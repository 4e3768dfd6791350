"""What programs do with connections: kinds, making, changing, trying, releasing, deleting; and no secret comes out."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.utils import timezone

from apps.api.scopes import Scope
from apps.bridges import connections
from apps.bridges.connection_kind import kinds
from apps.bridges.models import Connection
from apps.core.models import AuditEntry
from tests.bridges.factories import ConnectionFactory, DeliveryFactory
from tests.outside import Outside, outside
from tests.programs import program

pytestmark = pytest.mark.django_db
BEARER = {"base_url": "https://crm.example/v1", "auth": "bearer", "token": "open sesame"}


@pytest.fixture
def system(settings: Any) -> Iterator[Outside]:
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with outside() as running:
        yield running


def ask(method: str, path: str = "", body: Any = None, *, status: int = 200) -> Any:
    client = program(Scope.CONNECTIONS)
    answer = getattr(client, method)(f"/api/connections{path}", body, format="json")
    assert answer.status_code == status, answer.content
    assert "sesame" not in answer.content.decode()
    return answer.json() if answer.content else None


def test_each_kind_has_the_schema_of_its_settings() -> None:
    found = {each["kind"]: each for each in ask("get", "/kinds")}

    assert found.keys() == kinds.keys()
    http = found["http"]["schema"]
    assert http["required"] == ["base_url"]
    assert http["properties"]["token"]["writeOnly"] is True
    assert found["smtp"]["schema"]["properties"]["port"]["maximum"] == 65_535


def test_one_is_made_changed_and_deleted_and_keeps_its_secret() -> None:
    made = ask("post", "", {"name": "CRM", "kind": "http", "settings": BEARER, "rate_per_sec": 5}, status=201)
    assert (made["secrets"], made["settings"]["base_url"]) == (["token"], "https://crm.example/v1")
    assert (made["test_settings"], made["rate_per_sec"], made["in_flight"]) == (None, 5, 16)
    path = f"/{made['id']}"

    unsaid = {"name": "CRM 2", "settings": {"base_url": "https://crm.example/v2", "auth": "bearer"}}
    ask("put", path, {"name": "CRM", "settings": {**BEARER, "token": "another"}})
    assert AuditEntry.objects.get(action="rekeyed").details["fields"] == ["settings.token"]
    ask("put", path, {"name": "CRM", "settings": BEARER})
    changed = ask("put", path, {**unsaid, "test_settings": {"base_url": "https://test.example"}})
    row = Connection.objects.get()
    assert (changed["name"], changed["settings"]["base_url"]) == ("CRM 2", "https://crm.example/v2")
    assert (connections.opened(row).token, row.rate_per_sec) == ("open sesame", 5)
    assert connections.opened(row, is_test=True).base_url == "https://test.example"

    assert ask("put", path, {**unsaid, "test_settings": None})["test_settings"] is None
    assert [each["name"] for each in ask("get")["results"]] == ["CRM 2"]
    assert ask("get", path)["name"] == "CRM 2"
    ask("delete", path, status=204)
    ask("get", path, status=404)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        *("added", "changed", "rekeyed", "changed", "rekeyed", "changed", "changed", "deleted")
    ]
    assert "sesame" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name", "kind", "settings"}),
        ({"name": "CRM", "kind": "pigeon", "settings": {}}, {"kind"}),
        ({"name": "CRM", "kind": "http", "settings": []}, {"settings"}),
        ({"name": "CRM", "kind": "http", "settings": {}}, {"settings.base_url"}),
        ({"name": "CRM", "kind": "http", "settings": BEARER, "colour": "red"}, {"colour"}),
        ({"name": "Taken", "kind": "http", "settings": BEARER}, {"name"}),
        ({"name": "CRM", "kind": "http", "settings": BEARER, "in_flight": 1_000}, {"in_flight"}),
        (
            {"name": "Taken", "kind": "http", "settings": {**BEARER, "headers": {"Host": "x"}, "token": 7, "x": 1}}
            | {"test_settings": {"base_url": "https://10.0.0.1"}},
            {"settings.token", "settings.x", "test_settings.base_url", "name"},
        ),
    ],
)
def test_all_that_is_wrong_is_told_at_once_each_by_its_field(body: dict[str, Any], fields: set[str]) -> None:
    ConnectionFactory(name="Taken")

    answer = ask("post", "", body, status=422)

    assert {error["field"] for error in answer["errors"]} == fields
    assert Connection.objects.count() == 1


def test_a_try_tells_how_each_part_went(system: Outside) -> None:
    row = ConnectionFactory(settings={"base_url": system.address, "auth": "bearer"})
    system.status = 403

    found = ask("post", f"/{row.pk}/test", {})

    assert found["is_well"] is False
    assert [(each["part"], each["state"]) for each in found["findings"]] == [
        *(("name", "well"), ("network", "well"), ("tls", "doubt"), ("sign_in", "well"), ("right", "failed"))
    ]
    assert ask("post", f"/{row.pk}/test", {"is_test": True}, status=409)["code"] == "cannot_try"


def test_one_that_is_held_is_released_and_one_that_something_waits_for_is_kept() -> None:
    row = ConnectionFactory(held_at=timezone.now(), held_because="The answer was 401.")
    DeliveryFactory(connection=row)
    assert ask("get", f"/{row.pk}")["held_because"] == "The answer was 401."

    released = ask("post", f"/{row.pk}/release")
    assert (released["held_at"], released["n_waiting"]) == (None, 1)
    assert "1 delivery waits" in ask("delete", f"/{row.pk}", status=409)["message"]
    assert not AuditEntry.objects.filter(action="deleted").exists()


def test_a_key_without_the_scope_is_let_in_nowhere() -> None:
    row = ConnectionFactory()
    client = program(Scope.PROFILES_READ)

    for path in ("", "/kinds", f"/{row.pk}"):
        assert client.get(f"/api/connections{path}").status_code == 403
    for path in ("", f"/{row.pk}/test", f"/{row.pk}/release"):
        assert client.post(f"/api/connections{path}", {}, format="json").status_code == 403
