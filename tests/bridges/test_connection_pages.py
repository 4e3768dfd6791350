"""The admin's pages of connections: who may, what they refuse, and that no secret leaves."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.bridges import connections
from apps.bridges.connection_kind import Finding, Part, Report, State
from apps.bridges.models import Connection, Delivery
from apps.bridges.users import User as UserOf
from apps.bridges.users import users
from apps.core.models import AuditEntry
from tests.bridges.factories import ConnectionFactory, DeliveryFactory, ended
from tests.outside import Outside
from tests.registries import declared

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:bridges_connection_changelist"), reverse("admin:bridges_connection_add")


def page(row: Connection, name: str = "change") -> str:
    return reverse(f"admin:bridges_connection_{name}", args=[row.pk])


def fields(**more: Any) -> dict[str, Any]:
    always = {"name": "Shop API", "is_enabled": "on", "in_flight": 16, "rate_per_sec": ""}
    live = {"live_base_url": "https://hook.example/v1", "live_auth": "bearer", "live_token": "open sesame"}
    return {**always, **live, **more}


def errors_of(answer: Any) -> dict[str, str]:
    return {name: found[0] for name, found in answer.context["adminform"].form.errors.items()}


def test_the_kind_is_chosen_first(admin_client: Client) -> None:
    shown = admin_client.get(ADD).content.decode()

    assert "What is to be reached?" in shown
    assert '?kind=http"' in shown
    assert '?kind=smtp"' in shown


def test_a_connection_is_made_and_its_secret_is_nowhere_to_be_seen(admin_client: Client) -> None:
    sent = fields(**{"live_headers-name": ["X-Tenant"], "live_headers-value": ["shop"], "live_time_out": "20 seconds"})
    admin_client.post(f"{ADD}?kind=http", sent)

    row = Connection.objects.get()
    found = connections.opened(row)
    assert (found.token, found.headers, found.time_out.total_seconds()) == ("open sesame", {"X-Tenant": "shop"}, 20)
    for address in (LIST, page(row), page(row, "history"), page(row, "delete"), page(row, "try_it")):
        assert "sesame" not in admin_client.get(address).content.decode()
    assert "It is kept, and not shown." in admin_client.get(page(row)).content.decode()
    assert "sesame" not in str(list(AuditEntry.objects.values()))


def test_a_secret_stays_until_another_is_typed_and_that_is_on_record(admin_client: Client) -> None:
    admin_client.post(f"{ADD}?kind=http", fields())
    row = Connection.objects.get()

    admin_client.post(page(row), fields(name="Renamed", live_token=""))
    row.refresh_from_db()
    assert (row.name, connections.opened(row).token) == ("Renamed", "open sesame")
    assert not AuditEntry.objects.filter(action="rekeyed").exists()

    admin_client.post(page(row), fields(live_token="new", live_base_url="https://hook.example/v2"))
    row.refresh_from_db()
    assert connections.opened(row).token == "new"
    assert AuditEntry.objects.get(action="rekeyed").details["fields"] == ["live_token"]
    changes = AuditEntry.objects.filter(action="changed").latest("id").details["changes"]
    assert changes["settings.base_url"]["after"] == "https://hook.example/v2"

    admin_client.post(page(row), fields(live_auth="none", live_token=""))
    row.refresh_from_db()
    assert row.secrets == ""


@pytest.mark.parametrize(
    ("kind", "wrong", "field", "message"),
    [
        ("http", {"live_base_url": ""}, "live_base_url", "required"),
        ("http", {"live_base_url": "https://10.0.0.1"}, "live_base_url", "private or reserved network"),
        ("http", {"live_token": ""}, "live_token", "has to be filled in"),
        ("http", {"live_time_out": "a while"}, "live_time_out", "15 minutes"),
        ("http", {"live_headers-name": "Host", "live_headers-value": "x"}, "live_headers", "set by the platform"),
        ("http", {"live_headers-name": ["A", "A"], "live_headers-value": ["1", "2"]}, "live_headers", "twice"),
        ("http", {"tests_send": "on"}, "test_base_url", "has to be filled in"),
        ("http", {"tests_send": "on", "test_base_url": "x"}, "test_base_url", "https:// or http://"),
        ("http", {"name": ""}, "name", "required"),
        ("http", {"in_flight": 0}, "in_flight", "greater than or equal to 1"),
        ("http", {"rate_per_sec": 0}, "rate_per_sec", "greater than or equal to 1"),
        ("smtp", {"live_port": "many"}, "live_port", "Expected a number"),
        ("smtp", {"live_from_address": "shop"}, "live_from_address", "no e-mail address"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    admin_client: Client, kind: str, wrong: dict[str, Any], field: str, message: str
) -> None:
    smtp = {
        "live_host": "hook.example",
        "live_port": "587",
        "live_security": "starttls",
        "live_sign_in": "none",
        "live_from_address": "a@shop.example",
    }
    answer = admin_client.post(f"{ADD}?kind={kind}", fields(**{**(smtp if kind == "smtp" else {}), **wrong}))

    found = errors_of(answer)
    assert list(found) == [field]
    assert message in found[field]
    assert not Connection.objects.exists()


def test_what_is_hidden_beside_what_was_chosen_is_not_read(admin_client: Client) -> None:
    admin_client.post(f"{ADD}?kind=http", fields(live_auth="none", live_user="anna", live_header_name="b a d"))

    assert "user" not in Connection.objects.get().settings


def test_settings_for_tests_are_of_their_own_and_can_be_taken_away(admin_client: Client) -> None:
    sent = fields(tests_send="on", test_base_url="https://test.example", test_auth="none")
    admin_client.post(f"{ADD}?kind=http", sent)
    row = Connection.objects.get()
    assert connections.opened(row, is_test=True).base_url == "https://test.example"
    assert "by its settings for tests" in admin_client.get(page(row, "try_it")).content.decode()

    admin_client.post(page(row), fields(test_base_url="https://test.example"))
    row.refresh_from_db()
    assert row.test_settings == {}


def test_a_test_says_of_each_part_how_it_went(admin_client: Client, system: Outside) -> None:
    row = ConnectionFactory(settings={"base_url": system.address, "auth": "bearer"})
    assert "nothing is sent" in admin_client.get(page(row, "try_it")).content.decode()
    assert system.taken == []

    shown = admin_client.post(page(row, "try_it")).content.decode()
    assert f"{row} can be reached." in shown
    assert AuditEntry.objects.filter(action="tested", object_id=str(row.pk)).exists()

    system.status = 401
    shown = admin_client.post(page(row, "try_it")).content.decode()
    assert "It does not take these credentials: the answer was 401." in shown
    shown = admin_client.post(page(row, "try_it"), {"test": "yes"}).content.decode()
    assert "has no settings for tests" in shown


def test_the_list_says_how_sending_goes(admin_client: Client, settings: Any) -> None:
    now = timezone.now()
    ConnectionFactory(name="works")
    ConnectionFactory(name="off one", is_enabled=False)
    ConnectionFactory(name="held one", held_at=now, held_because="The answer was 401.")
    ConnectionFactory(name="tired one", rests_until=now + timedelta(minutes=1), failures=7)
    ConnectionFactory(name="of old", kind="pigeon")
    ConnectionFactory(name="forbidden", settings={"base_url": "https://10.0.0.1"}, secrets="")
    for _ in range(3):
        DeliveryFactory(connection=Connection.objects.get(name="held one"))

    shown = admin_client.get(LIST).content.decode()

    for words in (">on<", ">off<", "The answer was 401.", "It failed 7 times.", "no kind of connection pigeon"):
        assert words in shown
    assert "10.0.0.1 is an address of a private or reserved network" in shown
    assert ">3<" in shown


def test_a_secret_that_no_key_opens_is_said_and_can_be_entered_anew(admin_client: Client, settings: Any) -> None:
    row = ConnectionFactory(settings={"base_url": "https://hook.example", "auth": "bearer"})
    settings.ENCRYPTION_KEYS = ["another-key-" + "x" * 40]

    assert "cannot be read" in admin_client.get(LIST).content.decode()
    assert errors_of(admin_client.post(page(row), fields(live_token=""))) == {"live_token": "This has to be filled in."}
    admin_client.post(page(row), fields(live_token="anew"))
    assert connections.opened(Connection.objects.get()).token == "anew"


def test_one_that_is_held_goes_on_after_a_question(admin_client: Client) -> None:
    row = ConnectionFactory(held_at=timezone.now(), held_because="The answer was 401.")
    DeliveryFactory(connection=row)
    ended(Delivery.Outcome.EXPIRED, connection=row, at=timezone.now())
    asked = admin_client.get(page(row, "release")).content.decode()
    assert "The answer was 401." in asked
    assert "1 delivery waits." in asked
    assert "1 delivery has expired since" in asked

    admin_client.post(page(row, "release"))
    assert Connection.objects.get().held_at is None
    assert AuditEntry.objects.filter(action="released", object_id=str(row.pk)).exists()
    assert "is not held" in admin_client.get(page(row, "release")).content.decode()


def test_one_that_is_only_read_from_speaks_of_reading(admin_client: Client) -> None:
    row = ConnectionFactory(name="Rabbit", kind="rabbitmq", settings={"host": "127.0.0.1", "security": "none"})
    shown = admin_client.get(page(row)).content.decode()

    assert "Off: bridges read nothing by it" in shown
    assert "Bridges read by the settings above alone." in shown
    for words in ("/release", "id_rate_per_sec", "id_in_flight", "Waits", "Flows send", "cannot send"):
        assert words not in shown
    assert admin_client.get(page(row, "release")).status_code == 403
    assert connections.outcome_of(row, Report([Finding(Part.NAME, State.FAILED, "No.")])) == (
        "Nothing could be read from Rabbit now."
    )


def test_one_that_is_used_is_kept_and_said_by_whom(admin_client: Client) -> None:
    row = ConnectionFactory()

    def find(ids: Iterable[UUID]) -> dict[UUID, list[UserOf]]:
        return {row.pk: [UserOf("Flow Abandoned cart", "/admin/flows/1/")]}

    with declared(users, "flows of a test", find):
        assert (
            '<a class="cdp-link" href="/admin/flows/1/">Flow Abandoned cart</a>'
            in admin_client.get(page(row)).content.decode()
        )
        shown = admin_client.get(page(row, "delete")).content.decode()
        assert "It is used: Flow Abandoned cart." in shown
        admin_client.post(page(row, "delete"), {"name": row.name, "post": "yes"})
        assert Connection.objects.exists()
        refused = errors_of(admin_client.post(page(row), fields(name="Other")))
        assert refused == {"name": "It keeps its name while it is used: Flow Abandoned cart."}
    admin_client.post(page(row, "delete"), {"name": row.name, "post": "yes"})
    assert not Connection.objects.exists()


def test_marketers_neither_see_nor_change_them_and_developers_do() -> None:
    row = ConnectionFactory()
    for role, may in (("Marketer", False), ("Analyst", False), ("Developer", True)):
        client, user = Client(), User.objects.create(username=role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        for address in (LIST, page(row), ADD, page(row, "try_it"), page(row, "release"), page(row, "delete")):
            assert client.get(address).status_code == (200 if may else 403), (role, address)
