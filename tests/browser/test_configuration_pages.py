"""What stands beside the forms of event types, computed traits and users: to be tried, started and set in a browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import sign_in
from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
ADDED = "was added successfully"


def test_an_event_type_is_tried_gets_a_schema_and_reaches_stored_events(admin: Page, live: Live, shoot: Shoot) -> None:
    source = live.source("Turnstile")
    events = [{"type": "gate-passed", "id": f"g{n}", "properties": {"gate": f"North {n}"}} for n in range(3)]
    body = {"source": {"id": source["id"]}, "session": {"id": "gate"}, "events": events}
    assert admin.request.post(f"{live.address}/track", data=body).ok
    admin.goto(f"{live.address}/admin/events/eventtype/add/")
    admin.locator("[name=type]").fill("gate-passed")
    admin.locator("[name=name]").fill("Gate passed")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text(ADDED)).to_be_visible()

    admin.get_by_role("button", name="Propose a schema").click()
    expect(admin.locator("[name=schema]")).to_have_value(re.compile('"gate"'))
    admin.get_by_role("button", name="Try on recent events").click()
    expect(admin.locator("#cdp-trial")).to_contain_text("passes")
    shoot("event-type-tried")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()

    for event_type, name, kind in (
        ("gate-passed", "Index traits of stored events", "index-traits"),
        ("sign-up", "Copy stored events to profiles", "copy"),
    ):
        admin.goto(f"{live.address}/admin/events/eventtype/{event_type}/change/")
        admin.get_by_role("link", name=name).click()
        admin.get_by_role("button", name="Show what would change").click()
        admin.get_by_role("button", name="Start").click()
        expect(admin).to_have_url(re.compile("/admin/core/task/"))
        tasks = "SELECT FROM core_task WHERE kind LIKE %s AND params::text LIKE %s"
        assert live.rows(tasks, f"{kind}%", f"%{event_type}%")


def test_a_computed_trait_is_previewed_and_counted_anew(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/computedtrait/add/")
    admin.locator("[name=name]").fill("Pages seen")
    admin.locator("[name=key]").fill("pages_seen")
    admin.get_by_role("button", name="Preview on some people").click()
    expect(admin.locator("#cdp-preview")).not_to_be_empty()
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text(ADDED)).to_be_visible()
    shoot("computed-trait")

    version = "SELECT max(number) AS n FROM events_computedversion"
    before = live.rows(version)[0]["n"]
    admin.get_by_role("link", name="Count anew").click()
    admin.locator(".cdp-panel form button").click()
    wait_for(lambda: live.rows(version)[0]["n"] > before, "a new version")


def test_a_colleague_gets_another_password(page: Page, live: Live) -> None:
    sign_in(page, live.address, live.password)  # anew: who changes a password goes on in a session of a new key
    page.goto(f"{live.address}/admin/auth/user/add/")
    page.locator("[name=username]").fill("otto")
    for name in ("password1", "password2"):
        page.locator(f"[name={name}]").fill("correct horse 7")
    page.locator("[name=_save]").click()
    expect(page.get_by_text(ADDED)).to_be_visible()
    user = live.rows("SELECT id, password FROM auth_user WHERE username = 'otto'")[0]

    page.goto(f"{live.address}/admin/auth/user/{user['id']}/password/")
    for name in ("password1", "password2"):
        page.locator(f"[name={name}]").fill("battery staple 9")
    page.locator("#content [type=submit], main [type=submit]").last.click()
    expect(page.get_by_text("Password changed successfully")).to_be_visible()
    assert live.rows("SELECT password FROM auth_user WHERE username = 'otto'")[0]["password"] != user["password"]


def test_somebody_becomes_anonymous(admin: Page, live: Live, shoot: Shoot) -> None:
    source = live.source("Cloakroom")
    events = [{"type": "sign-up", "properties": {"email": {"main": "nora@example.com"}, "firstname": "Nora"}}]
    body = {"source": {"id": source["id"]}, "session": {"id": "nora"}, "events": events}
    person = admin.request.post(f"{live.address}/track", data=body).json()["profile"]["id"]

    admin.goto(f"{live.address}/admin/profiles/profile/{person}/change/")
    admin.get_by_role("link", name="Anonymise").click()
    admin.get_by_label("Reference").fill("ticket 9")
    shoot("anonymise")
    admin.get_by_role("button", name="Yes, make anonymous").click()

    wait_for(lambda: not live.rows("SELECT FROM profiles_profile WHERE id = %s", person), "the person to be nobody")
