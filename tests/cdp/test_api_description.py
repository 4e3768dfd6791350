"""The description of the API, by which programs are written."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from apps.events.models import Source
from tests.factories import RedirectFactory, SourceFactory

pytestmark = pytest.mark.django_db
MESSAGES: dict[str, dict[str, Any]] = {
    "track": {"event": "Order Completed", "userId": "u1", "properties": {"total": 5}},
    "identify": {"userId": "u1", "traits": {"plan": "pro"}},
    "page": {"anonymousId": "a1", "name": "Home", "category": "shop"},
    "screen": {"anonymousId": "a1", "name": "Home"},
    "group": {"userId": "u1", "groupId": "g1"},
    "alias": {"userId": "u1", "previousId": "a1"},
}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The description as a program reads it."""
    path: Path = tmp_path_factory.mktemp("description") / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(path))
    found: dict[str, Any] = _with_nulls(yaml.safe_load(path.read_text()))
    return found


def _with_nulls(node: Any) -> Any:
    """Write what may be null as JSON Schema does: OpenAPI 3.0 has a word of its own."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _with_nulls(item) for key, item in node.items()}
    if found.get("nullable") is not True:
        return found
    if "allOf" in found:  # what is described elsewhere
        return {"anyOf": [found, {"type": "null"}]}
    return {**found, "type": [found["type"], "null"]} if "type" in found else found  # else it is any JSON


def bodies(source: Source) -> dict[tuple[str, str], Any]:
    """Make a request for each operation that takes events, by path and method."""
    track = {"source": {"id": str(source.id)}, "session": {"id": "s"}, "events": [{"type": "page-view", "tags": ["a"]}]}
    batch = {"batch": [{"type": call, **message} for call, message in MESSAGES.items()], "historical": True}
    calls = {("/v1/" + call, "post"): message for call, message in MESSAGES.items()}
    return {
        ("/track", "post"): track,
        ("/track", "put"): track,
        ("/v1/batch", "post"): batch,
        ("/v1/import", "post"): batch,
        ("/beacon/v1/batch", "post"): batch,
        **calls,
    }


def test_nothing_of_the_description_is_guessed(described: dict[str, Any]) -> None:
    assert described["components"]["securitySchemes"].keys() == {"adminSession", "apiKey", "writeKey"}
    for operations in described["paths"].values():
        for method, operation in operations.items():
            assert operation["operationId"]
            if "requestBody" in operation:
                assert method in ("post", "put", "patch")
                assert operation["requestBody"]["required"] is True


def test_requests_that_are_made_by_the_description_are_taken(alone: None, described: dict[str, Any]) -> None:
    source, client = SourceFactory(), APIClient()
    authorization = {"HTTP_AUTHORIZATION": "Basic " + b64encode(f"{source.write_key}:".encode()).decode()}

    for (path, method), body in bodies(source).items():
        operation = described["paths"][path][method]
        [(media_type, content)] = operation["requestBody"]["content"].items()
        assert media_type == "application/json", path
        shape = {"$ref": content["schema"]["$ref"], "components": described["components"]}
        Draft202012Validator(shape).validate(body)
        needs_key = any("writeKey" in way for way in operation.get("security", []))
        query = {
            parameter["name"]: source.write_key
            for parameter in operation.get("parameters", [])
            if parameter.get("required")
        }
        address = path + "".join(f"?{name}={value}" for name, value in query.items())
        answer = getattr(client, method)(address, body, format="json", **(authorization if needs_key else {}))
        assert answer.status_code == 200, (path, answer.content)
        described_answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        Draft202012Validator({"$ref": described_answer, "components": described["components"]}).validate(answer.json())


@pytest.mark.parametrize("body", [{}, {"source": {"id": "x"}}, {"source": {}, "events": []}, {"events": [{}]}])
def test_what_the_description_forbids_is_refused(alone: None, described: dict[str, Any], body: Any) -> None:
    shape = {"$ref": "#/components/schemas/TrackRequestRequest", "components": described["components"]}

    assert not Draft202012Validator(shape).is_valid(body)
    assert APIClient().post("/track", body, format="json").status_code in (401, 422)


def test_webhooks_take_forms_too_and_links_are_described(alone: None, described: dict[str, Any]) -> None:
    collect = described["paths"]["/collect/{event_type}/{source_id}"]["post"]["requestBody"]["content"]
    assert set(collect) == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
    click = described["paths"]["/redirect/{redirect_id}"]["get"]
    link = RedirectFactory()

    assert APIClient().get(f"/redirect/{link.id}").status_code == 302
    assert set(click["responses"]) == {"302", "400", "404", "410"}


def test_what_a_program_may_send_to_the_profile_api_has_no_other_keys(described: dict[str, Any]) -> None:
    shapes = described["components"]["schemas"]

    for name in ("PatchedEdit", "Merge", "Decide", "Reference", "Selection"):
        assert shapes[f"{name}Request"]["additionalProperties"] is False
