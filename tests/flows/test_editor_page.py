"""The page of the editor: who may see it, what it tells the editor, and what it says where there is no editor."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.flows.admin import editor_build
from apps.flows.models import Flow
from tests.flows.drawing import drawn
from tests.flows.test_flow_admin import ADD, FILLED, address, as_role

pytestmark = pytest.mark.django_db
CHUNKS: dict[str, Any] = {
    "src/main.tsx": {"file": "assets/main-1.js", "isEntry": True, "css": ["assets/main-1.css"], "imports": ["_board"]},
    "_board": {"file": "assets/board-2.js", "css": ["assets/board-2.css"]},
    "src/later.ts": {"file": "assets/later-3.js", "isDynamicEntry": True},
}


@pytest.fixture(autouse=True)
def collected(settings: Any, tmp_path: Path) -> Path:
    """Collect static files of our own, without the editor."""
    settings.STATIC_ROOT = tmp_path
    return tmp_path / "editor"


@pytest.fixture
def built(collected: Path) -> None:
    """Build the editor."""
    collected.mkdir()
    (collected / "manifest.json").write_text(json.dumps(CHUNKS))
    (collected / "sources.txt").write_text(editor_build.digest() or "")


def told_by(html: str) -> dict[str, Any]:
    """Return what a page tells the editor."""
    text = html.partition('<script id="flow-editor-boot" type="application/json">')[2].partition("</script>")[0]
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.usefixtures("built")
def test_it_loads_the_editor_and_what_that_needs_at_once(admin_client: Client) -> None:
    shown = admin_client.get(address("flows_editor", drawn())).content.decode()

    assert '<script type="module" src="/static/editor/assets/main-1.js">' in shown
    assert '<link rel="modulepreload" href="/static/editor/assets/board-2.js">' in shown
    assert '<link rel="stylesheet" href="/static/editor/assets/main-1.css">' in shown
    assert '<link rel="stylesheet" href="/static/editor/assets/board-2.css">' in shown
    assert "later-3" not in shown
    assert '<div id="flow-editor">' in shown


@pytest.mark.usefixtures("built")
def test_it_tells_the_editor_where_all_is_and_what_somebody_may(admin_client: Client) -> None:
    row = drawn()

    answer = admin_client.get(address("flows_editor", row))

    told = told_by(answer.content.decode())
    assert told["flow"] == {"id": str(row.pk), "key": row.key, "name": row.name, "kind": "collection"}
    assert told["api"] == "/api/"
    assert told["csrfCookie"] in answer.cookies
    assert set(told["may"].values()) == {True}
    assert told["user"]["name"] == "admin"
    assert told["pages"]["person"] == "/admin/profiles/profile/{id}/change/"
    assert told["pages"]["form"] == address("flows_flow_change", row)


@pytest.mark.usefixtures("built")
def test_who_may_only_look_is_told_so() -> None:
    told = told_by(as_role("Analyst").get(address("flows_editor", drawn())).content.decode())

    assert (told["may"]["change"], told["may"]["publish"]) == (False, False)


@pytest.mark.usefixtures("built")
def test_to_draw_and_to_publish_are_permissions_of_their_own() -> None:
    user = User.objects.create(username="drawer", is_staff=True)
    codes = ("view_flow", "change_flow", "view_profile", "view_pii")
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client = Client()
    client.force_login(user)

    may = told_by(client.get(address("flows_editor", drawn())).content.decode())["may"]

    assert may == {"change": True, "publish": False, "seePeople": True, "seeRuns": False, "changeRuns": False}


def test_nobody_else_sees_it(client: Client) -> None:
    page = address("flows_editor", drawn())
    stranger = User.objects.create(username="stranger", is_staff=True)

    assert client.get(page).status_code == 302
    client.force_login(stranger)
    assert client.get(page).status_code == 403


def test_a_flow_that_is_not_there_has_no_page(admin_client: Client) -> None:
    row = drawn()
    page = address("flows_editor", row)
    row.delete()

    assert admin_client.get(page).status_code == 404


@pytest.mark.usefixtures("built")
def test_its_policy_lets_in_nothing_from_elsewhere_and_nothing_that_is_written_into_the_page(
    admin_client: Client,
) -> None:
    answer = admin_client.get(address("flows_editor", drawn()))

    said = answer.headers["Content-Security-Policy"]
    policy = dict(part.strip().split(" ", 1) for part in said.split(";"))
    assert "unsafe" not in said
    assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    nonce = policy["style-src"].removeprefix("'self' 'nonce-").removesuffix("'")
    assert f'<style nonce="{nonce}">' in answer.content.decode()


@pytest.fixture
def outdated(collected: Path, built: None) -> None:
    """Build the editor of other sources than those that are here."""
    (collected / "sources.txt").write_text("of before")


@pytest.mark.parametrize(("state", "said"), [("collected", "is not here yet"), ("outdated", "is older than the rest")])
def test_without_an_editor_of_now_that_is_said_with_what_to_do_and_the_form_is_there(
    admin_client: Client, request: pytest.FixtureRequest, state: str, said: str
) -> None:
    request.getfixturevalue(state)
    row = drawn()

    shown = admin_client.get(address("flows_editor", row)).content.decode()

    assert said in shown
    assert "make editor" in shown
    assert address("flows_flow_change", row) in shown
    assert "<script type" not in shown
    assert "modulepreload" not in shown


def test_in_the_image_where_its_sources_are_not_it_is_never_old(
    admin_client: Client, outdated: None, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(editor_build, "BASE_DIR", tmp_path)

    assert '<div id="flow-editor">' in admin_client.get(address("flows_editor", drawn())).content.decode()


@pytest.mark.parametrize("state", ["collected", "outdated"])
def test_without_an_editor_of_now_a_new_flow_leads_to_its_page(
    admin_client: Client, request: pytest.FixtureRequest, state: str
) -> None:
    request.getfixturevalue(state)

    answer = admin_client.post(ADD, FILLED)

    assert answer.headers["Location"] == address("flows_overview", Flow.objects.get())


@pytest.mark.usefixtures("built")
def test_a_name_ends_no_script(admin_client: Client) -> None:
    row = drawn()
    Flow.objects.filter(pk=row.pk).update(name="</script><script>alert(1)</script>")

    shown = admin_client.get(address("flows_editor", row)).content.decode()

    assert "<script>alert" not in shown
    assert told_by(shown)["flow"]["name"].startswith("</script>")


@pytest.mark.usefixtures("built")
def test_a_new_flow_leads_to_where_it_is_drawn(admin_client: Client) -> None:
    answer = admin_client.post(ADD, FILLED)

    assert answer.headers["Location"] == address("flows_editor", Flow.objects.get())


def test_the_list_and_the_page_of_a_flow_lead_there(admin_client: Client) -> None:
    row = drawn()

    for page in (reverse("admin:flows_flow_changelist"), address("flows_overview", row)):
        assert address("flows_editor", row) in admin_client.get(page).content.decode()
