"""The admin's pages of bridges: made, tried, looked into, paused, sent elsewhere and deleted, and by whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.bridges.connection_kind import Part
from apps.core.models import AuditEntry
from apps.core.typed_settings import read
from apps.events.models import Event, InboxItem, Source
from apps.inbound.bridge_kind import kinds
from apps.inbound.mapping import MappingSettings
from apps.inbound.models import Bridge, BridgeDeadLetter, Consumer, Position
from apps.inbound.received import Failure, Received
from tests.bridges.factories import ConnectionFactory
from tests.factories import NOON, SourceFactory
from tests.inbound.factories import BridgeDeadLetterFactory, ShelfBridgeFactory
from tests.inbound.shelf import Shelf
from tests.outside import Outside
from tests.registries import declared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
LIST, ADD = reverse("admin:inbound_bridge_changelist"), reverse("admin:inbound_bridge_add")
PREVIEW, PLACES = (f"{reverse(f'admin:inbound_bridge_{name}')}?kind=shelf" for name in ("preview", "places"))
ORDER = b'{"type": "order-placed", "customer": "c-7", "total": 9.5}'


def page(row: Bridge, name: str = "change") -> str:
    return reverse(f"admin:inbound_bridge_{name}", args=[row.pk])


def fields(**more: Any) -> dict[str, Any]:
    mapping = {"mapping_shape": "raw", "mapping_format": "json", "mapping_event_type": "message@body.type"}
    its = {"settings_topic": "orders", "settings_start": "earliest"}
    return {"name": "Orders", "is_enabled": "on", **its, **mapping, **more}


def errors_of(answer: Any) -> dict[str, str]:
    return {name: found[0] for name, found in answer.context["adminform"].form.errors.items()}


def reading(row: Bridge, **values: Any) -> Consumer:
    """Let a process say that it reads."""
    now = timezone.now()
    said = {"state": Consumer.State.READING, "heard_at": now, "connected_at": now, **values}
    return Consumer.objects.create(bridge=row, replica="host-1", **said)


def client_of(role: str) -> Client:
    client, user = Client(), User.objects.create(username=role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return client


def test_the_kind_is_chosen_first(admin_client: Client) -> None:
    shown = admin_client.get(ADD).content.decode()

    assert "Where do the events come from?" in shown
    assert '?kind=shelf"' in shown


@pytest.mark.parametrize("kind", sorted(kinds))
def test_a_new_one_begins_with_what_messages_of_its_kind_usually_are(admin_client: Client, kind: str) -> None:
    form = admin_client.get(ADD, {"kind": kind}).context["adminform"].form

    assert read(MappingSettings, kinds[kind].mapping).event_type == form["mapping_event_type"].value()


def test_a_bridge_is_made_with_a_source_of_its_own(admin_client: Client) -> None:
    connection = ConnectionFactory(name="Shop")
    ConnectionFactory(name="Mail", kind="smtp")
    asked = admin_client.get(f"{ADD}?kind=shelf").content.decode()
    assert "Shop" in asked
    assert ">Mail<" not in asked
    assert "connection/add/?kind=http" in asked
    assert "message@box" in asked

    admin_client.post(f"{ADD}?kind=shelf", fields(connection=connection.pk))

    row = Bridge.objects.get()
    assert (row.kind, row.settings, row.connection) == ("shelf", {"topic": "orders", "start": "earliest"}, connection)
    assert (row.source.name, row.source.kind, row.source.trusts_ids) == ("Orders", Source.Kind.BRIDGE, True)
    assert row.mapping["event_type"] == "message@body.type"
    added = AuditEntry.objects.filter(action="added").values_list("object_type", flat=True)
    assert set(added) == {"events.source", "inbound.bridge"}


def test_the_only_connection_is_chosen_beforehand_and_what_is_asked_for_is_marked(admin_client: Client) -> None:
    only = ConnectionFactory()
    answer = admin_client.get(f"{ADD}?kind=shelf")
    assert answer.context["adminform"].form.initial["connection"] == only.pk
    assert "data-asked" in str(answer.context["adminform"].form["mapping_event_type"])

    ConnectionFactory()
    assert "connection" not in admin_client.get(f"{ADD}?kind=shelf").context["adminform"].form.initial


def test_a_kind_that_lists_nothing_says_so(admin_client: Client) -> None:
    shown = admin_client.get(f"{ADD}?kind=rabbitmq").content.decode()

    assert "RabbitMQ does not list what there is to read: type its name." in shown
    assert "List what there is to read" not in shown
    assert "List what there is to read" in admin_client.get(f"{ADD}?kind=shelf").content.decode()


def test_a_bridge_joins_a_source_that_is_there(admin_client: Client) -> None:
    source = SourceFactory(kind=Source.Kind.BRIDGE)
    Source.objects.create(name="Web site")
    assert "Web site" not in admin_client.get(f"{ADD}?kind=shelf").content.decode()

    admin_client.post(f"{ADD}?kind=shelf", fields(connection=ConnectionFactory().pk, source=source.pk))

    assert Bridge.objects.get().source == source
    assert Source.objects.filter(kind=Source.Kind.BRIDGE).count() == 1


def test_a_kind_without_a_connection_asks_for_none(admin_client: Client, shelf: Shelf) -> None:
    with declared(kinds, "floor", shelf.kind(connection_kind="")):
        assert 'name="connection"' not in admin_client.get(f"{ADD}?kind=floor").content.decode()
        admin_client.post(f"{ADD}?kind=floor", fields())
        assert Bridge.objects.get().connection is None
        assert admin_client.get(page(Bridge.objects.get())).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"settings_topic": ""}, "settings_topic", "required"),
        ({"connection": ""}, "connection", "required"),
        ({"name": ""}, "name", "required"),
        ({"name": "Taken"}, "name", "another bridge of that name"),
        ({"name": "Web site"}, "source", "There is a source of that name already"),
        ({"mapping_event_type": ""}, "mapping_event_type", "has to be filled in"),
        ({"mapping_event_type": "profile@id"}, "mapping_event_type", "profile"),
        ({"mapping_condition": "message@body.type ="}, "mapping_condition", "Expected"),
        ({"mapping_condition": 'profile@traits.plan = "pro"'}, "mapping_condition", "There is no field profile@"),
        ({"mapping_properties": "{"}, "mapping_properties", "ine 1"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    admin_client: Client, wrong: dict[str, Any], field: str, message: str
) -> None:
    taken = ShelfBridgeFactory(name="Taken")
    Source.objects.create(name="Web site")
    found = errors_of(admin_client.post(f"{ADD}?kind=shelf", fields(**{"connection": taken.connection_id, **wrong})))

    assert list(found) == [field]
    assert message in found[field]
    assert Bridge.objects.count() == 1


def test_a_change_begins_reading_anew_and_is_on_record(admin_client: Client) -> None:
    row = ShelfBridgeFactory()
    kept = {"name": row.name, "connection": row.connection_id, "source": row.source_id}

    admin_client.post(page(row), fields(**kept, settings_topic="refunds", mapping_condition="message@body.total>5"))

    row.refresh_from_db()
    assert (row.settings["topic"], row.revision) == ("refunds", 2)
    assert row.mapping["condition"] == "message@body.total > 5"
    changes = AuditEntry.objects.get(action="changed").details["changes"]
    assert changes["settings.topic"] == {"before": "orders", "after": "refunds"}
    assert "5" not in changes["mapping.condition"]["after"]
    assert errors_of(admin_client.post(page(row), fields(**{**kept, "source": ""}))) == {
        "source": "This field is required."
    }


def test_the_list_says_how_each_goes(admin_client: Client) -> None:
    now = timezone.now()
    well = ShelfBridgeFactory(name="well")
    reading(well, n_waiting=1200, oldest_at=now - timedelta(minutes=5), per_sec=12.5, last_message_at=now)
    BridgeDeadLetterFactory.create_batch(3, bridge=well)
    reading(ShelfBridgeFactory(name="broken"), state=Consumer.State.FAILED, error="There is no topic orders.")
    ShelfBridgeFactory(name="alone")
    ShelfBridgeFactory(name="off one", is_enabled=False)
    ShelfBridgeFactory(name="of old", kind="pigeon")

    shown = admin_client.get(LIST).content.decode()

    for words in (">connected<", "1,200", "5\xa0minutes ago", "12.5", "topic orders", "There is no topic orders."):
        assert words in shown
    assert "No process reads for it: start manage.py run_bridge." in shown
    assert f'href="/admin/inbound/bridgedeadletter/?bridge={well.pk}">3<' in shown
    only_failed = admin_client.get(f"{LIST}?state=failed").content.decode()
    assert ">broken<" in only_failed
    assert ">well<" not in only_failed
    assert ">of old<" in admin_client.get(f"{LIST}?kind=pigeon").content.decode()


def test_a_page_says_who_reads_and_how_far_it_is_and_asks_again(admin_client: Client) -> None:
    row = ShelfBridgeFactory()
    reading(row, n_read=1234, error="It was away.", error_at=timezone.now())
    Position.objects.bulk_create(Position(bridge=row, place=f"box-{n:03}", position=n) for n in range(101))

    shown = admin_client.get(page(row)).content.decode()

    for words in ("host-1", "1,234", "It was away.", "box-000", "box-099", "these are the first 100"):
        assert words in shown
    assert "box-100" not in shown
    assert 'hx-trigger="every 2s"' in shown
    Consumer.objects.all().delete()
    assert "does not run" in admin_client.get(page(row, "live")).content.decode()


def test_one_of_a_kind_that_is_not_known_can_be_looked_at(admin_client: Client) -> None:
    row = ShelfBridgeFactory(kind="pigeon")

    assert admin_client.get(page(row)).status_code == 200
    assert "There is no kind of bridge pigeon" in admin_client.post(page(row, "try_it")).content.decode()


def test_a_test_goes_on_where_that_of_the_connection_ends(admin_client: Client, system: Outside, shelf: Shelf) -> None:
    row = ShelfBridgeFactory(connection=ConnectionFactory(settings={"base_url": system.address, "auth": "bearer"}))
    assert "Nothing is consumed" in admin_client.get(page(row, "try_it")).content.decode()

    shown = admin_client.post(page(row, "try_it")).content.decode()
    assert f"{row} can read." in shown
    assert "The topic orders is there." in shown
    assert AuditEntry.objects.filter(action="tested", object_id=str(row.pk)).exists()

    shelf.topics = []
    shown = admin_client.post(page(row, "try_it")).content.decode()
    assert f"{row} cannot read now." in shown
    assert "There is no topic orders." in shown
    system.status = 401
    assert "does not take these credentials" in admin_client.post(page(row, "try_it")).content.decode()
    row.connection.is_enabled = False
    row.connection.save()
    assert "is switched off" in admin_client.post(page(row, "try_it")).content.decode()


def test_messages_are_shown_beside_their_events_before_anything_is_saved(admin_client: Client, shelf: Shelf) -> None:
    shelf.messages = [
        Received(ORDER, key="1", headers={"shop": "7"}, about={"topic": "orders"}, at=NOON),
        Received(b"\xff\x00 no JSON", key="2"),
        Received(b'{"type": "ping"}', key="3"),
    ]
    typed = fields(connection=ConnectionFactory().pk, mapping_user_id="message@body.customer", name="")
    typed["mapping_condition"] = 'message@body.type != "ping"'

    shown = admin_client.post(PREVIEW, typed).content.decode()

    profile = '<dt>profile</dt><dd><span class="cdp-str">c-7<'
    for words in ("order-placed", profile, "9.5", "ff 00 20 6e", "The condition does not pick it."):
        assert words in shown
    assert not Bridge.objects.exists()
    assert not Event.objects.exists()
    assert not InboxItem.objects.exists()
    assert not Source.objects.filter(kind=Source.Kind.BRIDGE).exists()
    assert AuditEntry.objects.filter(action="sampled").exists()


def test_messages_of_a_saved_bridge_are_shown_by_what_is_typed(admin_client: Client, shelf: Shelf) -> None:
    row = ShelfBridgeFactory()
    shelf.messages = [Received(ORDER, key="1")]
    kept = {"name": row.name, "connection": row.connection_id, "source": row.source_id, "pk": row.pk}

    assert (
        "mapped-otherwise"
        in admin_client.post(PREVIEW, fields(**kept, mapping_event_type="mapped-otherwise")).content.decode()
    )
    row.refresh_from_db()
    assert row.mapping["event_type"] == "message@body.type"
    assert "There is no message now." in _asked_with(admin_client, PREVIEW, shelf, fields(**kept), messages=[])
    failure = Failure(Part.PLACE, "There is no topic orders.")
    assert "There is no topic orders." in _asked_with(admin_client, PREVIEW, shelf, fields(**kept), failure=failure)
    assert "Event type: " in admin_client.post(PREVIEW, fields(**kept, mapping_event_type="")).content.decode()


def test_messages_are_shown_before_there_is_a_mapping(admin_client: Client, shelf: Shelf) -> None:
    about = {"topic": "orders", "box": None}
    shelf.messages = [Received(ORDER, key="1", headers={"shop": "7"}, about=about, at=NOON)]
    typed = fields(connection=ConnectionFactory().pk, name="", mapping_event_type="")

    shown = admin_client.post(PREVIEW, typed).content.decode()

    for words in ("c-7", "shop", "No event yet", "Event type: This has to be filled in.", "<dt>topic</dt>"):
        assert words in shown
    assert "<dt>box</dt>" not in shown
    assert shown.index("c-7") < shown.index("<summary>Headers</summary>")
    failure = Failure(Part.PLACE, "There is no topic orders.")
    refused = _asked_with(admin_client, PREVIEW, shelf, typed, failure=failure)
    assert "There is no topic orders." in refused
    assert "Event type: This has to be filled in." in refused


def _asked_with(client: Client, address: str, shelf: Shelf, typed: dict[str, Any], **values: Any) -> str:
    for name, value in values.items():
        setattr(shelf, name, value)
    return client.post(address, typed).content.decode()


def test_what_there_is_to_read_is_listed(admin_client: Client, shelf: Shelf) -> None:
    typed = fields(connection=ConnectionFactory().pk, settings_topic="")

    assert "refunds" in admin_client.post(PLACES, typed).content.decode()
    assert "nothing to read" in _asked_with(admin_client, PLACES, shelf, typed, topics=[])
    failure = Failure(Part.SIGN_IN, "It does not let us in.")
    assert "Sign-in: It does not let us in." in _asked_with(admin_client, PLACES, shelf, typed, failure=failure)
    assert "onnection: " in admin_client.post(PLACES, {**typed, "connection": ""}).content.decode()


def test_one_rests_and_reads_on_after_a_question(admin_client: Client) -> None:
    row = ShelfBridgeFactory()
    reading(row)
    assert "/resume" not in admin_client.get(page(row)).content.decode()
    assert "nothing is lost on our side" in admin_client.get(page(row, "pause")).content.decode()

    admin_client.post(page(row, "pause"))
    row.refresh_from_db()
    assert row.paused_at
    shown = admin_client.get(page(row)).content.decode()
    assert ">paused<" in shown
    assert "cdp-green" not in shown
    assert "/pause" not in shown

    admin_client.post(page(row, "resume"))
    row.refresh_from_db()
    assert row.paused_at is None
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"paused", "resumed"}


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ({"to": "beginning"}, {"to": "beginning", "place": "", "position": ""}),
        ({"to": "end", "position": "9"}, {"to": "end", "place": "", "position": ""}),
        (
            {"to": "time", "at": "2026-05-01T12:00"},
            {"to": "time", "place": "", "position": "", "at": "2026-05-01T12:00:00+00:00"},
        ),
        ({"to": "position", "place": "a", "position": "9"}, {"to": "position", "place": "a", "position": "9"}),
    ],
)
def test_one_is_sent_elsewhere_after_a_question(
    admin_client: Client, typed: dict[str, str], wish: dict[str, str]
) -> None:
    row = ShelfBridgeFactory()
    reading(row, n_waiting=12)
    asked = admin_client.get(page(row, "seek")).content.decode()
    assert "is not stored twice" in asked
    assert "12 messages wait now: to the end, they are skipped" in asked

    assert "As the other side counts: a number, 1042." in asked
    done = admin_client.post(page(row, "seek"), typed, follow=True).content.decode()
    assert "as soon as a process reads for it" in done
    row.refresh_from_db()
    assert row.seek == wish
    assert AuditEntry.objects.filter(action="sought", object_id=str(row.pk)).exists()
    assert "It is about to read on" in admin_client.get(page(row)).content.decode()
    admin_client.post(page(row, "seek"), {"give_up": "yes"})
    row.refresh_from_db()
    assert row.seek is None


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({}, "Say where to read on from."),
        ({"to": "time"}, "Say from what time on."),
        ({"to": "time", "at": "soon"}, "Enter a valid date/time."),
        ({"to": "position"}, "Say from which position on."),
        ({"to": "position", "position": "abc"}, "abc is no position here. One is a number, 1042."),
    ],
)
def test_where_to_has_to_be_said(admin_client: Client, typed: dict[str, str], told: str) -> None:
    row = ShelfBridgeFactory()

    assert told in admin_client.post(page(row, "seek"), {"sent": "yes", **typed}).content.decode()
    row.refresh_from_db()
    assert row.seek is None


def test_only_what_a_kind_can_find_is_offered(admin_client: Client, shelf: Shelf) -> None:
    with declared(kinds, "stack", shelf.kind(seeks=())):
        row = ShelfBridgeFactory(kind="stack")
        assert "/seek" not in admin_client.get(page(row)).content.decode()
        assert admin_client.get(page(row, "seek")).status_code == 403


def test_a_source_stays_while_a_bridge_reads_for_it(admin_client: Client) -> None:
    row = ShelfBridgeFactory(name="Orders")
    answer = admin_client.get(reverse("admin:events_source_delete", args=[row.source_id]))

    assert "Bridges read for it: Orders." in answer.content.decode()


def test_a_source_says_how_its_bridges_go(admin_client: Client) -> None:
    row = ShelfBridgeFactory()
    lonely = SourceFactory(kind=Source.Kind.BRIDGE)
    site = SourceFactory()

    def shown(source: Source) -> str:
        return admin_client.get(reverse("admin:events_source_change", args=[source.pk])).content.decode()

    assert "No process reads for it" in shown(row.source)
    assert "Write key" not in shown(row.source)
    assert "Nothing brings events in for it yet." in shown(lonely)
    assert "cdp-going" not in shown(site)
    listed = admin_client.get(reverse("admin:events_source_changelist")).content.decode()
    assert f'href="{page(row)}">{row.name}</a> <span class="cdp-badge cdp-red">does not run<' in listed


def test_a_deletion_says_what_goes_and_what_stays(admin_client: Client) -> None:
    row = ShelfBridgeFactory()
    BridgeDeadLetterFactory.create_batch(2, bridge=row)
    Position.objects.create(bridge=row, place="a", position=1)
    reading(row)

    asked = admin_client.get(page(row, "delete")).content.decode()
    for words in (
        "2 dead letters of it are gone",
        "How far it is in 1 place",
        "1 process stops reading",
        "events stay",
    ):
        assert words in asked

    admin_client.post(page(row, "delete"), {"name": row.name, "post": "yes"})
    assert not Bridge.objects.exists()
    assert not BridgeDeadLetter.objects.exists()
    assert Source.objects.filter(pk=row.source_id).exists()


def test_what_a_bridge_uses_is_kept_and_says_so(admin_client: Client) -> None:
    row = ShelfBridgeFactory()
    for kind, pk in (("bridges_connection", row.connection_id), ("events_source", row.source_id)):
        address = reverse(f"admin:{kind}_delete", args=[pk])
        assert row.name in admin_client.get(address).content.decode()
        admin_client.post(address, {"name": "x", "post": "yes"})
    row.refresh_from_db()


def test_analysts_look_marketers_see_messages_and_developers_change(shelf: Shelf) -> None:
    row = ShelfBridgeFactory(mapping={"event_type": "x", "condition": 'message@body.email = "a@shop.example"'})
    kept = {"name": row.name, "connection": row.connection_id, "source": row.source_id, "pk": row.pk}
    shelf.messages = [Received(ORDER, key="1")]
    for role, sees, changes in (("Analyst", False, False), ("Marketer", True, False), ("Developer", True, True)):
        client = client_of(role)
        shown = client.get(page(row))
        assert shown.status_code == 200
        assert ("Show five messages" in shown.content.decode()) == changes
        assert ("a@shop.example" in shown.content.decode()) == changes
        letters = client.get(reverse("admin:inbound_bridgedeadletter_changelist"))
        assert letters.status_code == (200 if sees else 403)
        for address in (ADD, page(row, "try_it"), page(row, "pause"), page(row, "seek"), page(row, "delete")):
            assert client.get(address).status_code == (200 if changes else 403), (role, address)
        for address in (PREVIEW, PLACES):
            assert client.post(address, fields(**kept)).status_code == (200 if changes else 403), (role, address)
