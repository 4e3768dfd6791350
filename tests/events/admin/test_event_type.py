"""Operators change what events mean in forms, try it before they save it, and are told where a mistake is."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.core.ids import new_id
from apps.events.event_types import planned
from apps.events.models import Event, EventType
from apps.events.store import partitions
from tests.factories import NOON, EventTypeFactory, ProfileFactory, SourceFactory

PROFILE = ("target", "operation", "source", "when")
SCHEMA = '{"type": "object", "properties": {"total": {"type": "number"}}}'


def form(**fields: Any) -> dict[str, Any]:
    """Return what a browser posts; rows are given as lists of tuples in the order of their columns."""
    traits, profile, redact = (fields.pop(name, []) for name in ("traits", "profile", "redact"))
    return {
        "name": "Order placed",
        "is_enabled": "on",
        "journey": "",
        "tags": "",
        "schema": "",
        "condition": "",
        "policy": "flag",
        "reshape": "",
        "traits-source": [row[0] for row in traits],
        "traits-target": [row[1] for row in traits],
        "profile-target": [row[0] for row in profile],
        "profile-operation": [row[1] for row in profile],
        "profile-source": [row[2] for row in profile],
        "profile-when": [(*row, "")[3] for row in profile],
        "redact-property": [row[0] for row in redact],
        "redact-how": [row[1] for row in redact],
        "compute": "",
        **fields,
    }


def change(admin: Client, type_: str, **fields: Any) -> Any:
    return admin.post(reverse("admin:events_eventtype_change", args=[type_]), form(**fields))


def errors(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, "the form was saved"
    return dict(response.context["adminform"].form.errors)


def stored(type_: str, properties: dict[str, Any], **parts: Any) -> Event:
    partitions.ensure([partitions.month_of(NOON)])
    at = {"time": NOON, "received_at": NOON, "processed_at": NOON}
    return Event.objects.create(
        id=new_id(), type=type_, properties=properties, **{"source_id": SourceFactory().id, **at, **parts}
    )


def test_an_own_type_is_added_with_all_its_parts(admin: Client) -> None:
    response = admin.post(
        reverse("admin:events_eventtype_add"),
        form(
            type=" Order Placed ",
            journey="purchase",
            tags="activity:shopping, big",
            schema=SCHEMA,
            policy="quarantine",
            reshape='{"properties": {"total": "event@properties.sum"}}',
            traits=[("total", "data.total"), ("properties.code, coupon", "data.coupon")],
            profile=[
                ("traits.total", "max", "properties.total"),
                ("stats.orders", "increment", "2"),
                ("traits.last_order", "last_time", ""),
                ("traits.plan", "equals", "properties.plan"),
                ("traits.plan", "equals_if_not_exists", "data.coupon"),
            ],
        ),
    )

    assert response.status_code == 302
    row = EventType.objects.get(type="order-placed")
    assert (row.is_builtin, row.policy) == (False, "quarantine")
    assert row.schema == {"type": "object", "properties": {"total": {"type": "number"}}}
    assert row.reshape == {"properties": {"total": "event@properties.sum"}}
    assert row.overrides == {
        "journey": "purchase",
        "tags": ["activity:shopping", "big"],
        "traits": {"data.total": "total", "data.coupon": ["code", "coupon"]},
        "profile": {
            "traits.total": {"max": "properties.total"},
            "stats.orders": {"increment": 2},
            "traits.last_order": {"last_time": None},
            "traits.plan": [{"equals": "properties.plan"}, {"equals_if_not_exists": "data.coupon"}],
        },
    }
    assert planned.rules()["order-placed"].journey(1) == "purchase"


def test_a_built_in_type_is_changed_on_top_of_its_definition(admin: Client) -> None:
    before = EventType.objects.get(type="sign-up").definition

    response = change(
        admin,
        "sign-up",
        traits=[("nick", "data.nick")],
        profile=[("data.pii.firstname", "off", ""), ("traits.nick", "first", "data.nick")],
    )

    assert response.status_code == 302
    row = EventType.objects.get(type="sign-up")
    assert row.definition == before
    assert row.overrides["profile"] == {"data.pii.firstname": None, "traits.nick": {"first": "data.nick"}}
    fields = {rule.field.path for rule in planned.rules()["sign-up"].fields}
    assert "traits.nick" in fields
    assert "data.pii.lastname" in fields
    assert "data.pii.firstname" not in fields


def test_what_was_saved_is_shown_and_saved_again_unchanged(admin: Client) -> None:
    overrides = {
        "tags": ["big"],
        "redact": {"card": "drop", "iban.number": "last4"},
        "compute": {"interests": {"add": "properties.n", "name": "properties.what", "default": 1}},
        "traits": {"data.total": "total", "data.code": ["a", "b"]},
        "profile": {
            "traits.n": [{"add": "properties.n", "when": "event@properties.n > 1"}, {"increment": 1.5}],
            "traits.gone": {"delete": None},
        },
    }
    row = EventTypeFactory(type="order-placed", overrides=overrides)
    page = admin.get(reverse("admin:events_eventtype_change", args=["order-placed"]))
    initial = page.context["adminform"].form.initial

    change(
        admin,
        "order-placed",
        tags=initial["tags"],
        traits=[(line["source"], line["target"]) for line in initial["traits"]],
        profile=[tuple(line[name] for name in PROFILE) for line in initial["profile"]],
        redact=[(line["property"], line["how"]) for line in initial["redact"]],
        compute=json.dumps(initial["compute"]),
    )

    row.refresh_from_db()
    assert row.overrides == overrides


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"schema": '{"type": "object",\n "x": }'}, "schema", "Line 2, column 7: a value is missing, or is no JSON."),
        ({"schema": "[]"}, "schema", "Expected a JSON object"),
        ({"schema": '{"properties": {"a": {"type": "strin"}}}'}, "schema", "schema.properties.a.type: Expected one of"),
        ({"schema": '{"properties": {"a": {"minimum": "x"}}}'}, "schema", "schema.properties.a.minimum:"),
        ({"schema": '{"$ref": "http://127.0.0.1:9/x.json"}'}, "schema", "schema: "),
        ({"schema": '{"pattern": "(a"}'}, "schema", "schema.pattern:"),
        ({"condition": "event@properties.a >"}, "condition", "condition: Line 1, column"),
        ({"condition": "profile@traits.a = 1"}, "condition", "condition: profile@ is not known here; known are event@"),
        ({"condition": "evnt@properties.a = 1"}, "condition", "There is no 'evnt@'"),
        (
            {"condition": "event@properties.a > 0 AND event@propertis.b = 1"},
            "condition",
            "There is no field event@propertis.b. Did you mean event@properties?",
        ),
        ({"condition": "payload@source.nam = 'a'"}, "condition", "Did you mean payload@source.name?"),
        (
            {"profile": [("traits.a", "delete", "", "profile@trats.a = 1")]},
            "profile",
            "profile.traits.a.when: Line 1, column 1: There is no field profile@trats.a. Did you mean profile@traits?",
        ),
        (
            {"profile": [("traits.a", "delete", "", "session@x = 1")]},
            "profile",
            "profile.traits.a.when: session@ is not",
        ),
        ({"profile": [("traits.a", "delete", "", "event@")]}, "profile", "profile.traits.a.when: Line 1"),
        ({"reshape": '{"properties": {"a": "profile@x"}}'}, "reshape", "reshape.properties.a: profile@ is not known"),
        (
            {"reshape": '{"properties": {"a?": ["No. {{event@propertis.no}}"], "b": "event@properties.b"}}'},
            "reshape",
            "reshape.properties.a.0: There is no field event@propertis.no. Did you mean event@properties?",
        ),
        ({"reshape": '{"traits": {}}'}, "reshape", "reshape.traits: Only properties and context"),
        ({"traits": [("", "data.x")]}, "traits", "traits.data.x: Which property"),
        ({"traits": [("x", "")]}, "traits", "Which trait does x become?"),
        ({"traits": [("a", "data.x"), ("b", "data.x")]}, "traits", "traits.data.x: The trait is there twice"),
        ({"traits": [("a..b", "data.x")]}, "traits", "traits.data.x: 'a..b' is not a dotted path"),
        (
            {"profile": [("no.such", "equals", "properties.a")]},
            "profile",
            "profile.no.such: A profile has no such field",
        ),
        ({"profile": [("data.pii.firstname", "add", "properties.a")]}, "profile", "has no operation add"),
        ({"profile": [("traits.a", "equals", "")]}, "profile", "profile.traits.a: Where does the value come from?"),
        ({"profile": [("traits.a", "equals", "data.none")]}, "profile", "The event has no trait data.none"),
        ({"profile": [("traits.a", "increment", "x")]}, "profile", "profile.traits.a: Expected a number, not 'x'."),
        ({"profile": [("traits.a", "sing", "x")]}, "profile", "profile.traits.a: Unknown operation."),
        ({"profile": [("", "equals", "properties.a")]}, "profile", "Which field of the profile"),
        ({"redact": [("card..x", "drop")]}, "redact", "redact.card..x: 'card..x' is not a dotted path"),
        ({"redact": [("card", "first4")]}, "redact", "redact.card: Unknown redaction"),
        ({"compute": '{"interests": {"add": "n"}}'}, "compute", "compute.interests: Expected an operation and a name"),
        ({"compute": '{"data.x": {"percentage": []}}'}, "compute", "compute.data.x: A profile has no such field"),
        (
            {"profile": [("traits.a", "off", ""), ("traits.a", "equals", "properties.a")]},
            "profile",
            "It is switched off, and changed by another row.",
        ),
    ],
)
def test_a_mistake_is_named_beside_its_field_and_nothing_is_saved(
    admin: Client, fields: dict[str, Any], field: str, message: str
) -> None:
    EventTypeFactory(type="order-placed")

    found = errors(change(admin, "order-placed", **fields))

    assert list(found) == [field]
    assert message in found[field][0]
    assert EventType.objects.get(type="order-placed").overrides == {}


def test_two_types_of_one_name_are_refused(admin: Client) -> None:
    response = admin.post(reverse("admin:events_eventtype_add"), form(type="Sign Up"))

    assert "type" in errors(response)


def test_a_dry_run_shows_before_and_after_and_saves_nothing(admin: Client) -> None:
    row = EventTypeFactory(type="order-placed")
    anna = ProfileFactory(traits={"total": 5}, name="Anna")
    stored("order-placed", {"total": 7}, profile_id=anna.id)

    page = admin.post(
        reverse("admin:events_eventtype_try"),
        {"pk": row.pk, **form(traits=[("total", "data.total")], profile=[("traits.total", "equals", "data.total")])},
    ).content.decode()

    assert "Profile of Anna" in page
    assert "traits.total" in page
    assert "data.total" in page
    row.refresh_from_db()
    anna.refresh_from_db()
    assert (row.overrides, anna.traits) == ({}, {"total": 5})


def test_a_dry_run_of_a_form_with_a_mistake_says_so(admin: Client) -> None:
    row = EventTypeFactory(type="order-placed")

    page = admin.post(reverse("admin:events_eventtype_try"), {"pk": row.pk, **form(schema='{"type": "strin"}')})

    assert "schema.type: Expected one of" in page.content.decode()


def test_a_type_that_is_not_saved_yet_can_be_tried(admin: Client) -> None:
    stored("order-placed", {"total": "7"})

    page = admin.post(
        reverse("admin:events_eventtype_try"), form(type="Order placed", schema=SCHEMA, policy="quarantine")
    ).content.decode()

    assert "is quarantined" in page
    assert not EventType.objects.filter(type="order-placed").exists()


def test_who_may_not_see_people_tries_without_them(client: Client, db: None) -> None:
    EventTypeFactory(type="order-placed")
    stored("order-placed", {"total": 7}, profile_id=ProfileFactory(name="Anna").id)
    user = User.objects.create_user("dora", is_staff=True)
    names = ("change_eventtype", "view_eventtype", "view_event")
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(user)

    page = client.post(
        reverse("admin:events_eventtype_try"),
        {"pk": "order-placed", **form(profile=[("traits.total", "equals", "properties.total")])},
    ).content.decode()

    assert "passes" in page
    assert "Anna" not in page


@pytest.mark.parametrize("name", ["try", "propose"])
def test_who_may_only_look_changes_nothing(client: Client, db: None, name: str) -> None:
    EventTypeFactory(type="order-placed")
    user = User.objects.create_user("mark", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_eventtype", "view_event"]))
    client.force_login(user)
    address = reverse(f"admin:events_eventtype_{name}")

    response = client.post(address, form()) if name == "try" else client.get(address, {"pk": "order-placed"})

    assert response.status_code == 403
    assert client.get(reverse("admin:events_eventtype_change", args=["order-placed"])).status_code == 200


def test_a_schema_is_proposed_from_recent_events(admin: Client) -> None:
    EventTypeFactory(type="order-placed")
    for total in (5, 7.5):
        stored("order-placed", {"total": total})

    page = admin.get(reverse("admin:events_eventtype_propose"), {"pk": "order-placed"}).content.decode()

    assert 'id="id_schema"' in page
    assert "&quot;total&quot;: {\n      &quot;type&quot;: &quot;number&quot;" in page


def test_drift_between_schema_and_events_is_shown(admin: Client) -> None:
    schema = {"required": ["currency"], "properties": {"total": {"type": "number"}, "currency": {}}}
    EventTypeFactory(type="order-placed", schema=schema)
    stored("order-placed", {"total": "5", "coupon": "X"})

    page = admin.get(reverse("admin:events_eventtype_change", args=["order-placed"])).content.decode()

    for text in ("string in place of number", "coupon", "required", "in 1 of 1"):
        assert text in page


def test_built_in_types_show_their_definition_and_cannot_be_deleted(admin: Client) -> None:
    change(admin, "sign-up", profile=[("data.pii.firstname", "off", "")])

    page = admin.get(reverse("admin:events_eventtype_change", args=["sign-up"])).content.decode()

    assert "switched off" in page
    assert "data.pii.lastname" in page
    assert admin.post(reverse("admin:events_eventtype_delete", args=["sign-up"]), {"post": "yes"}).status_code == 403


def test_the_list_shows_who_defined_a_type(admin: Client) -> None:
    EventTypeFactory(type="order-placed", schema={"type": "object"}, policy="drop")

    page = admin.get(reverse("admin:events_eventtype_changelist")).content.decode()

    for text in ("order-placed", "own", "built in", "drop"):
        assert text in page
