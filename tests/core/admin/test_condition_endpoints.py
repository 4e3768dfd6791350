"""What the editor asks the server: text to rows and back, completion, what there is; and who may ask."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.factories import ComputedTraitFactory, ConsentTypeFactory, EventFactory, ProfileFactory, SegmentFactory

pytestmark = pytest.mark.django_db


def ask(client: Client, what: str, language: str = "people", **body: Any) -> dict[str, Any]:
    answer = client.post(reverse(f"admin:conditions_{what}", args=[language]), body, content_type="application/json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def with_permissions(*names: str) -> Client:
    user = User.objects.create(username="somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def test_text_becomes_rows_and_canonical_text(admin_client: Client) -> None:
    answer = ask(admin_client, "read", text='not profile@visits.count>5 and did("purchase" last 1 days)')

    assert answer["text"] == 'NOT profile@visits.count > 5 AND DID("purchase" LAST 1 DAY)'
    assert answer["json"]["condition"]["type"] == "and"
    assert answer["json"]["condition"]["items"][1]["text"] == 'DID("purchase" LAST 1 DAY)'


def test_no_text_is_no_condition(admin_client: Client) -> None:
    assert ask(admin_client, "read", text="  \n") == {"text": "", "json": None}


def test_a_mistake_has_its_place_and_what_was_meant(admin_client: Client) -> None:
    error = ask(admin_client, "read", text="profile@visits.count > 1\nAND profile@visits.cuont > 1")["error"]

    assert (error["line"], error["column"], error["offset"], error["length"]) == (2, 5, 29, 20)
    assert error["suggestion"] == "profile@visits.count"


@pytest.mark.parametrize("written", ['"letetrs"', "'letetrs'"])
def test_words_that_name_nothing_are_doubted_where_they_stand(admin_client: Client, written: str) -> None:
    ConsentTypeFactory(id="letters")
    text = f"profile@visits.count > 1 AND CONSENTED({written})"

    answer = ask(admin_client, "read", text=text)

    assert "error" not in answer
    [doubt] = answer["doubts"]
    assert doubt["message"] == "There is no consent type letetrs."
    assert (text[doubt["offset"] :][: doubt["length"]], doubt["suggestion"]) == (written, '"letters"')
    assert [each["message"] for each in ask(admin_client, "write", json=answer["json"])["doubts"]] == [doubt["message"]]


def test_a_type_that_is_defined_is_sooner_meant_than_one_that_only_came(admin_client: Client) -> None:
    EventFactory(type="sale-compleeted!")

    [doubt] = ask(admin_client, "read", text='DID("sale-compleeted")')["doubts"]

    assert doubt["suggestion"] == '"sale-completed"'
    assert ask(admin_client, "read", text='DID("sale-compleeted!")')["doubts"] == []


def test_rows_become_text(admin_client: Client) -> None:
    rows = ask(admin_client, "read", text="profile@visits.count > 5")["json"]

    assert ask(admin_client, "write", json=rows)["text"] == "profile@visits.count > 5"


def test_rows_that_say_what_cannot_be_asked_are_written_all_the_same(admin_client: Client) -> None:
    rows = ask(admin_client, "read", text="profile@nosuch > 5", part=True)
    assert "There is no field profile@nosuch." in rows["error"]["message"]

    row = {
        "type": "compare",
        "op": ">",
        "left": {"type": "field", "path": "profile@nosuch"},
        "right": {"type": "literal", "value": 5},
    }
    answer = ask(admin_client, "write", json={"version": 1, "condition": row})

    assert answer["text"] == "profile@nosuch > 5"
    assert answer["error"]["offset"] == 0


def test_completion_knows_fields_events_and_values_that_several_people_share(admin_client: Client) -> None:
    SegmentFactory(key="vip", kind="list")
    for number in range(3):
        profile = ProfileFactory(traits={"plan": "pro", "nickname": f"N{number}", "email": "a@b.example"})
        EventFactory(type="custom-thing", profile_id=profile.id, properties={"colour": "red"})

    def values(text: str) -> list[str]:
        found = ask(admin_client, "complete", text=text, position=len(text))["suggestions"]
        return [suggestion["value"] for suggestion in found]

    assert "profile@traits.plan" in values("profile@traits.p")
    assert '"pro"' in values("profile@traits.plan = ")
    assert '"N1"' not in values("profile@traits.nickname = ")  # of one person
    assert '"a@b.example"' not in values("profile@traits.email = ")  # shared, but an address all the same
    assert '"vip"' in values("profile@segments CONTAINS ")
    assert '"custom-thing"' in values('DID("custom')
    assert "event@properties.colour" in values('DID("custom-thing" WHERE event@properties.c')


def test_the_builder_learns_names_and_kinds(admin_client: Client) -> None:
    ComputedTraitFactory(key="orders", name="Orders", function="count")

    found = admin_client.get(reverse("admin:conditions_fields", args=["people"])).json()

    fields = {field["path"]: field for field in found["fields"]}
    assert fields["profile@data.pii.birthday"] | {"values": []} == {
        "path": "profile@data.pii.birthday",
        "label": "Birthday",
        "kind": "date",
        "values": [],
    }
    assert (fields["profile@computed.orders"]["label"], fields["profile@computed.orders"]["kind"]) == (
        "Orders",
        "number",
    )
    assert "page-view" in found["events"]
    assert "age" in found["functions"]


def test_whoever_sees_no_names_is_offered_no_personal_fields() -> None:
    client = with_permissions("view_profile")
    ProfileFactory.create_batch(3, traits={"plan": "pro"})

    fields = {
        field["path"] for field in client.get(reverse("admin:conditions_fields", args=["people"])).json()["fields"]
    }

    assert "profile@visits.count" in fields
    assert not {
        path for path in fields if path.startswith(("profile@data.pii", "profile@data.contact", "profile@traits"))
    }
    assert "may hold personal data" in ask(client, "read", text='profile@traits.plan = "pro"')["error"]["message"]


def test_nobody_asks_about_what_they_may_not_look_at() -> None:
    client = with_permissions("view_event")

    for what in ("read", "write", "complete"):
        address = reverse(f"admin:conditions_{what}", args=["people"])
        assert client.post(address, {"text": "", "position": 0}, content_type="application/json").status_code == 403
    assert client.get(reverse("admin:conditions_fields", args=["people"])).status_code == 403
    assert client.get(reverse("admin:conditions_fields", args=["events"])).status_code == 200
    assert Client().get(reverse("admin:conditions_fields", args=["events"])).status_code == 302


@pytest.mark.parametrize("body", ["", "[1]", '{"text": 5}', "{", json.dumps({"text": "x" * 600_000})])
def test_what_is_no_question_is_answered_with_a_mistake(admin_client: Client, body: str) -> None:
    address = reverse("admin:conditions_read", args=["people"])

    answer = admin_client.post(address, body, content_type="application/json")

    assert answer.json()["error"]["message"].startswith("Expected a ")


def test_there_are_no_other_languages(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:conditions_fields", args=["sessions"])).status_code == 404
