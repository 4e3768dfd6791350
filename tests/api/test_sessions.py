"""People use the API by the session of the admin: with their permissions, and a token against forged requests."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import resolve
from rest_framework.test import APIClient

from apps.api.scopes import OF_PEOPLE, Scope
from apps.core import keys
from apps.core.api.base import SharedView
from apps.core.models import AuditEntry
from apps.flows.changing import publishing
from apps.flows.models import Flow, FlowVersion
from tests.api.test_profiles import requests_of
from tests.factories import NOON, ProfileFactory
from tests.flows.drawing import drawn

pytestmark = pytest.mark.django_db
PII = "profiles.view_pii"
DRAWS = ("flows.view_flow", "flows.change_flow", PII)
SECRET = "profile@data.contact.email.main = 'anna@example.com'"
ASKS = {
    **publishing.FIRST_DRAFT,
    "nodes": [
        {"id": "start", "kind": "start", "settings": {}},
        {"id": "asks", "kind": "condition", "settings": {"condition": SECRET}},
        {"id": "end", "kind": "end", "settings": {}},
    ],
}


def person(*permissions: str, name: str = "mara", checks_csrf: bool = False, **account: Any) -> APIClient:
    """Return a client in which somebody with the permissions is signed in to the admin."""
    user = User.objects.create(username=name, **{"is_staff": True, **account})
    for each in permissions:
        app, _, codename = each.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = APIClient(enforce_csrf_checks=checks_csrf)
    client.force_login(user)
    return client


def test_whoever_is_signed_in_needs_the_permissions_of_the_scope(alone: None) -> None:
    everything, nothing = person(name="root", is_superuser=True), person()
    for verb, url, body, scope in requests_of(ProfileFactory()):
        told = getattr(everything, verb)(url, body, format="json").status_code
        view: Any = resolve(url.partition("?")[0]).func
        is_shared = issubclass(view.view_class, SharedView)
        if scope in OF_PEOPLE:
            assert (is_shared, told in (200, 404, 422)) == (True, True), url
        else:
            assert told == (403 if is_shared else 401), url
        refused = getattr(nothing, verb)(url, body, format="json")
        assert refused.status_code == (403 if is_shared else 401), url


@pytest.mark.parametrize("account", [{"is_staff": False}, {"is_active": False}])
def test_whoever_may_not_open_the_admin_may_not_use_its_session(account: dict[str, Any]) -> None:
    assert person(is_superuser=True, **account).get("/api/flows").status_code in (401, 403)


def test_an_ended_sign_in_is_told_from_a_missing_permission() -> None:
    drawn()
    client = person("flows.view_flow")

    assert client.get("/api/flows/welcome").status_code == 200
    refused = client.patch("/api/flows/welcome", {"revision": 1, "name": "Hello"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    client.logout()
    ended = client.patch("/api/flows/welcome", {"revision": 1, "name": "Hello"}, format="json")
    assert (ended.status_code, ended.json()["code"]) == (401, "not_authenticated")


def test_a_request_that_another_site_forges_changes_nothing() -> None:
    drawn()
    client = person(*DRAWS, checks_csrf=True)
    body = {"revision": 1, "name": "Hello"}

    forged = client.patch("/api/flows/welcome", body, format="json")
    client.cookies["csrftoken"] = token = "a" * 32
    meant = client.patch("/api/flows/welcome", body, format="json", headers={"X-CSRFToken": token})

    assert (forged.status_code, forged.json()["code"]) == (403, "csrf_failed")
    assert (meant.status_code, meant.json()["name"]) == (200, "Hello")


def test_a_page_does_nothing_under_the_name_of_who_has_signed_in_since_it_was_opened() -> None:
    drawn()
    mara, body = person(*DRAWS), {"revision": 1, "name": "Hello"}
    ben = person(*DRAWS, name="ben")
    of_mara = {"X-As-User": str(User.objects.get(username="mara").pk)}

    for answer in (
        ben.get("/api/flows/welcome/revision", headers=of_mara),
        ben.patch("/api/flows/welcome", body, format="json", headers=of_mara),
    ):
        told = answer.json()
        assert (answer.status_code, told["code"]) == (403, "other_user")
        assert told["message"] == "ben is signed in now, in this browser."
    assert mara.patch("/api/flows/welcome", body, format="json", headers=of_mara).status_code == 200


def test_a_key_needs_no_token_and_counts_before_the_session() -> None:
    drawn()
    client = person(is_superuser=True, checks_csrf=True)
    _, text = keys.issue("CRM", [Scope.FLOWS_READ], created_by="anna", now=NOON)
    key = f"Bearer {text}"

    assert client.post("/api/flows/check", {"definition": {}}, format="json", HTTP_AUTHORIZATION=key).status_code == 200
    assert client.delete("/api/flows/welcome", HTTP_AUTHORIZATION=key).status_code == 403
    assert client.get("/api/flows", HTTP_AUTHORIZATION="Bearer cdp_x_y").status_code == 401


def test_making_and_deleting_are_permissions_of_their_own() -> None:
    drawn()
    body = {"key": "hello", "name": "Hello"}
    draws = person(*DRAWS)

    assert draws.post("/api/flows", body, format="json").status_code == 403
    assert draws.delete("/api/flows/welcome").status_code == 403
    assert draws.post("/api/flows/welcome/publish", {}, format="json").status_code == 403
    assert person(*DRAWS, "flows.add_flow", name="ada").post("/api/flows", body, format="json").status_code == 201
    assert person(*DRAWS, "flows.delete_flow", name="del").delete("/api/flows/welcome").status_code == 202


def test_what_is_done_is_on_record_with_the_name_of_who_did_it() -> None:
    row = drawn()
    client = person(*DRAWS, "flows.publish_flow")

    client.patch("/api/flows/welcome", {"revision": 1, "name": "Hello"}, format="json")
    version = client.post("/api/flows/welcome/publish", {"revision": 1}, format="json")

    user = User.objects.get()
    assert version.json()["published_by"] == "mara"
    told = [(each.actor, each.actor_name, each.ip) for each in AuditEntry.objects.filter(object_id=row.pk)]
    assert told == [(f"user:{user.pk}", "mara", "127.0.0.1")] * 2


def test_who_may_see_no_personal_data_reads_conditions_without_their_values_and_saves_none() -> None:
    row = drawn()
    Flow.objects.filter(pk=row.pk).update(draft=ASKS)
    FlowVersion.objects.create(flow=row, number=1, definition=ASKS, published_at=row.created_at, published_by="")
    masked, sees = person("flows.view_flow", "flows.change_flow"), person(*DRAWS, name="sees")

    for url in ("flows/welcome", "flows/welcome/versions"):
        assert "anna@example.com" not in masked.get(f"/api/{url}").content.decode()
        assert "anna@example.com" in sees.get(f"/api/{url}").content.decode()
    for url in ("flows/welcome/export", "flows/welcome/cases"):
        assert masked.get(f"/api/{url}").status_code == 403
    assert masked.patch("/api/flows/welcome", {"revision": 1, "draft": ASKS}, format="json").status_code == 403


def test_trials_on_people_ask_for_the_permission_to_see_them() -> None:
    drawn()
    draws, sees = person(*DRAWS), person(*DRAWS, "profiles.view_profile", name="sees")
    body = {"profile_id": str(ProfileFactory().id)}

    assert draws.post("/api/flows/welcome/try", {}, format="json").status_code == 200
    refused = draws.post("/api/flows/welcome/try", body, format="json")
    assert (refused.status_code, "key" in refused.json()["message"]) == (403, False)
    assert sees.post("/api/flows/welcome/try", body, format="json").status_code == 200
