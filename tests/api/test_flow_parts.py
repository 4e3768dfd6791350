"""What programs that let people draw flows learn: kinds of nodes with their schemas, what has a name, how nodes are."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from apps.api.scopes import Scope
from apps.flows.definition import everybody
from apps.flows.definition.parts import TRIGGERS
from apps.flows.describing import node_pages
from apps.flows.node import kinds
from apps.profiles.models import ConsentType
from tests.bridges.factories import ConnectionFactory
from tests.factories import SegmentFactory
from tests.flows.drawing import drawn
from tests.programs import program

pytestmark = pytest.mark.django_db
# What a text of a node may be filled with, where the code that compiles it is the only one to know.
FILLS = {
    ("email", "subject"): "text",
    ("email", "html"): "text",
    ("set-fields", "fields.value"): "value",
    ("http-call", "headers"): "text",
    ("http-call", "query"): "value",
    ("push", "form"): "value",
    ("join", "key_of"): "value",
    ("wait", "length"): "value",
    ("map-value", "table"): "value",
}


def get(what: str, **headers: str) -> Any:
    return program(Scope.FLOWS_READ).get(f"/api/{what}", headers=headers)


def setting(schema: dict[str, Any], path: str) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    found: dict[str, Any] = schema["properties"][first]
    return setting(found["items"], rest) if rest else found


def asking(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in told if "condition" in each["schema"]["properties"]]


def test_each_kind_of_node_is_told_of_with_a_schema_that_its_example_fits() -> None:
    told = get("node-kinds").json()

    assert {each["key"] for each in told["nodes"]} == set(kinds)
    assert [each["key"] for each in told["groups"]] == [group.key for group in node_pages.groups()]
    for each in told["nodes"]:
        Draft202012Validator.check_schema(each["schema"])
        Draft202012Validator(each["schema"]).validate(each["example"])
        assert each["help"].startswith(each["about"])
        assert ("segmentation" in each["flow_kinds"]) is everybody.fits(kinds[each["key"]])
        assert each["is_end"] is (not each["ports"])
    assert [each["key"] for each in told["nodes"] if each["is_join"]] == ["join"]


def test_schemas_say_what_a_form_has_to_know() -> None:
    nodes = {each["key"]: each for each in get("node-kinds").json()["nodes"]}

    for (key, path), how in FILLS.items():
        assert setting(nodes[key]["schema"], path)["x-fills"] == how, (key, path)
    assert "x-fills" not in setting(nodes["sql-query"]["schema"], "statement")
    assert setting(nodes["email"]["schema"], "connection")["x-connection-kind"] == "smtp"
    assert setting(nodes["wait-for-window"]["schema"], "from")["x-format"] == "time"
    assert setting(nodes["switch"]["schema"], "cases.condition")["x-widget"] == "condition"
    assert setting(nodes["wait"]["schema"], "zone_unknown")["x-when"] == {"clocks": ["person"]}
    assert setting(nodes["join"]["schema"], "key_of")["x-required"] is True


def test_a_new_node_has_what_its_ports_are_made_of() -> None:
    nodes = {each["key"]: each for each in get("node-kinds").json()["nodes"]}

    assert nodes["wait"]["settings"] == {}
    assert nodes["wait-for-event"]["ports"][:2] == [
        {"name": "out", "label": "out"},
        {"name": "time_out", "label": "time out"},
    ]
    cases = [each["port"] for each in nodes["switch"]["settings"]["cases"]]
    assert [each["name"] for each in nodes["switch"]["ports"]] == [*cases, "else", "error"]


def test_triggers_and_rules_are_told_of_with_their_schemas() -> None:
    told = get("node-kinds").json()

    assert [each["key"] for each in told["triggers"]] == list(TRIGGERS)
    for each in told["triggers"]:
        assert not {"id", "kind"} & each["schema"]["properties"].keys()
        assert each["settings"].keys() == set(each["schema"]["required"])
    assert {setting(each["schema"], "condition")["x-language"] for each in asking(told["triggers"])} == {"flow-entry"}
    for rule in ("exits", "goals"):
        assert setting(told["options"]["schema"], f"{rule}.condition")["x-language"] == "flow-rules"
    assert told["entry"]["schema"]["properties"]["interval_secs"]["x-when"] == {"frequency": ["interval"]}
    assert told["quiet_hours"]["schema"]["properties"]["from"]["x-format"] == "time"
    assert told["quiet_hours"]["schema"]["required"] == ["from", "to"]


def test_whoever_has_the_kinds_is_told_that_nothing_is_new() -> None:
    first = get("node-kinds")
    again = get("node-kinds", **{"If-None-Match": f'"old", W/{first.headers["ETag"]}'})

    assert (again.status_code, again.content) == (304, b"")
    assert get("node-kinds", **{"If-None-Match": '"old"'}).status_code == 200


def test_what_has_a_name_is_listed_and_no_setting_of_a_connection() -> None:
    drawn()
    SegmentFactory(key="vip", name="VIP")
    ConnectionFactory(name="Shop mail")
    ConsentType.objects.create(id="letters", name="Letters", text="Yes")

    told = get("names").json()

    assert {"key": "account-payable", "name": "Account Payable"} in told["event_types"]
    assert ("vip", "VIP") in [(each["key"], each["name"]) for each in told["segments"]]
    [connection] = told["connections"]
    assert (connection["name"], connection.keys()) == ("Shop mail", {"name", "kind", "is_enabled"})
    assert {"key": "letters", "name": "Letters"} in told["consents"]
    assert [each["key"] for each in told["flows"]] == ["welcome"]


def test_a_check_tells_the_ports_and_the_settings_of_each_node() -> None:
    nodes = [
        {"id": "start", "kind": "start"},
        {"id": "ways", "kind": "switch", "settings": {"cases": [{"port": "gold", "condition": "profile@id EXISTS"}]}},
        {"id": "rest", "kind": "wait", "settings": {"length": "3 days"}},
        {"id": "broken", "kind": "wait", "settings": {"length": 7}},
        {"id": "unknown", "kind": "no-such-kind"},
    ]
    draft = {"nodes": nodes, "triggers": [{"id": "hand", "kind": "manual"}]}

    told = program(Scope.FLOWS_READ).post("/api/flows/check", {"definition": draft}, format="json").json()

    assert told["ports"].keys() == {"start", "ways", "rest"}
    assert [each["name"] for each in told["ports"]["ways"]][:2] == ["gold", "else"]
    assert told["summaries"]["rest"] == "how long “3 days”"
    assert told["summaries"]["start"] == "By hand, or by the API."
    assert "unknown" not in told["summaries"]
