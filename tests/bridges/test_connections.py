"""Connections: saved with secrets apart, found by an address, released, and kept while somebody needs them."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from apps.bridges import connections
from apps.bridges.connections import InUse, NoTestSettings
from apps.bridges.kinds.http import HttpSettings
from apps.bridges.models import Connection
from apps.bridges.users import User, users
from apps.core.egress import Forbidden
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError, read
from tests.bridges.factories import ConnectionFactory, DeliveryFactory
from tests.outside import Outside
from tests.registries import declared

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
BEARER = {"base_url": "https://hook.example", "auth": "bearer", "token": "open sesame"}


def made(**values: Any) -> Connection:
    row = Connection(**{"name": "Shop", "kind": "http", **values})
    connections.fill(row, read(HttpSettings, BEARER))
    connections.save(row)
    return row


def test_secrets_lie_apart_and_come_back_with_the_settings() -> None:
    row = Connection.objects.get(pk=made().pk)

    assert row.settings == {"base_url": "https://hook.example", "auth": "bearer", "headers": {}, "test_path": ""} | {
        "time_out": "10 seconds"
    }
    assert connections.stored_secrets(row) == {"token": "open sesame"}
    assert connections.opened(row).token == "open sesame"


def test_a_test_goes_by_settings_of_its_own_or_not_at_all() -> None:
    row = made()
    with pytest.raises(NoTestSettings, match="The connection Shop has no settings for tests"):
        connections.opened(row, is_test=True)

    connections.fill(row, read(HttpSettings, {"base_url": "https://test.example"}), is_test=True)
    connections.save(row)
    found = Connection.objects.get()
    assert connections.opened(found, is_test=True).base_url == "https://test.example"
    assert connections.opened(found).base_url == "https://hook.example"

    connections.fill(found, None, is_test=True)
    assert (found.test_settings, found.test_secrets) == ({}, "")


def test_a_secret_that_is_not_named_stays_and_goes_with_the_way_to_sign_in() -> None:
    row = made()

    assert connections.completed(row, {"base_url": "https://a.example", "auth": "bearer"}).token == "open sesame"
    assert connections.completed(row, {**BEARER, "token": "new"}).token == "new"
    assert connections.completed(row, {"base_url": "https://a.example"}).token == ""
    with pytest.raises(SettingsError, match="password: This is only there where auth is basic"):
        connections.completed(row, {"base_url": "https://a.example", "password": "x"})


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        ({"name": " "}, "name", "cannot be blank"),
        ({"name": "Taken"}, "name", "another connection of that name"),
        ({"name": "a\x00b"}, "name", "NUL character"),
        ({"rate_per_sec": 0}, "rate_per_sec", "greater than or equal to 1"),
        ({"in_flight": 1_000}, "in_flight", "less than or equal to 256"),
    ],
)
def test_what_is_wrong_is_said_of_its_column(values: dict[str, Any], path: str, message: str) -> None:
    ConnectionFactory(name="Taken")
    with pytest.raises(SettingsError) as raised:
        made(**values)

    assert (raised.value.problems[0].path, message in raised.value.problems[0].message) == (path, True)


def test_a_kind_that_this_version_does_not_know_is_named() -> None:
    with pytest.raises(DefinitionError, match=r"no kind of connection pigeon\. There are .*http, .*smtp"):
        connections.opened(ConnectionFactory(kind="pigeon"))


def test_settings_that_are_no_longer_allowed_are_refused_when_they_are_opened(settings: Any) -> None:
    row = ConnectionFactory(settings={"base_url": "http://127.0.0.1:80"}, secrets="")
    assert connections.opened(row)

    settings.EGRESS_ALLOWED_NETWORKS = []
    with pytest.raises(SettingsError, match=r"base_url: 127\.0\.0\.1 is an address of a private or reserved network"):
        connections.opened(row)


def test_to_save_leaves_how_sending_goes_as_it_is() -> None:
    row = made()
    Connection.sending.update(failures=3, held_at=NOW, held_because="401")
    row.name = "Other"
    connections.save(row)

    found = Connection.objects.get()
    assert (found.name, found.failures, found.held_at) == ("Other", 3, NOW)


def test_each_host_has_a_connection_of_its_own() -> None:
    first = connections.for_address("https://Hook.example/v1/a?b=c")

    assert (first.name, first.settings) == ("https://hook.example", {"base_url": "https://hook.example"})
    assert connections.opened(first).sent_headers == {}
    assert connections.for_address("https://hook.example:443/other") == first
    assert connections.for_address("http://hook.example/").name == "http://hook.example"
    assert connections.for_address("https://hook.example:8443").name == "https://hook.example:8443"
    assert Connection.objects.count() == 3


def test_the_connection_of_an_address_is_known_by_another_name_and_none_of_its_name_is_taken_for_it() -> None:
    ConnectionFactory(name="https://hook.example", secrets='{"token":"theirs"}')
    made = connections.for_address("https://hook.example/a")
    assert (made.name, made.secrets) == ("https://hook.example (addresses)", "")

    Connection.objects.filter(pk=made.pk).update(name="Renamed")
    assert connections.for_address("https://hook.example/b").pk == made.pk


def test_an_address_where_no_request_may_go_has_none() -> None:
    for url in ("https://10.0.0.1/", "ftp://hook.example", "https://a:b@hook.example/"):
        with pytest.raises(Forbidden):
            connections.for_address(url)
    assert not Connection.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_asks_at_once_gets_the_same() -> None:
    def ask(_: int) -> UUID:
        try:
            return connections.for_address("https://hook.example/").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1


def test_one_that_something_waits_for_is_not_deleted() -> None:
    row = ConnectionFactory()
    DeliveryFactory(connection=row)

    with pytest.raises(InUse, match=r"^1 delivery waits to be sent by it\.$"):
        connections.delete(row)


def test_one_that_is_used_is_not_deleted_and_it_is_said_by_whom() -> None:
    row, other = ConnectionFactory(), ConnectionFactory()

    def find(ids: Iterable[UUID]) -> dict[UUID, list[User]]:
        return {row.pk: [User("Flow Abandoned cart"), User("Flow Welcome")]}

    with declared(users, "flows of a test", find):
        with pytest.raises(InUse, match=r"^It is used: Flow Abandoned cart, Flow Welcome\.$"):
            connections.delete(row)
        connections.delete(other)
    connections.delete(row)
    assert not Connection.objects.exists()


def test_one_that_is_used_keeps_its_name() -> None:
    row = made()
    row.name = "Other"

    with declared(users, "flows of a test", lambda ids: {row.pk: [User("Flow Welcome")]}):
        with pytest.raises(SettingsError, match=r"^name: It keeps its name while it is used: Flow Welcome\.$"):
            connections.save(row)
        row.name, row.is_enabled = "Shop", False
        connections.save(row)
    row.name = "Other"
    connections.save(row)


def test_it_is_tried_by_its_kind(system: Outside) -> None:
    row = ConnectionFactory(settings={"base_url": system.address, "auth": "bearer"})

    assert connections.tried(row).is_well
    assert system.taken[0].headers["authorization"] == "Bearer open sesame"
