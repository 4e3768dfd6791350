"""The pages of whoever runs the platform in a real browser: keys of programs, and tasks."""

import re
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


def test_a_key_is_made_shown_once_and_lets_a_program_in(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="API keys").click()
    shoot("keys-none")
    admin.locator("a[href='/admin/core/apikey/add/']").first.click()
    admin.get_by_label("Name").fill("CRM")
    admin.get_by_label("Read profiles, their events and segments").check()
    admin.get_by_label("Export all data of a person").check()
    shoot("key-add")
    admin.get_by_role("button", name="Save", exact=True).click()

    shown = admin.get_by_text("Copy the key now")
    expect(shown).to_be_visible()
    shoot("key-made")
    key = re.search(r"cdp_\w+_[\w-]+", shown.inner_text())
    assert key
    request = Request(f"{live.address}/api/profiles", headers={"Authorization": f"Bearer {key[0]}"})
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    admin.get_by_role("link", name="CRM").first.click()
    expect(admin.get_by_label("Export all data of a person")).to_be_checked()
    shoot("key")
    assert key[0] not in admin.content()


def test_a_task_tells_how_far_it_is(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/computedtrait/add/")
    admin.get_by_label("Name").fill("Orders")
    admin.get_by_label("Key").fill("orders")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator("#result_list")).to_contain_text("Orders")
    admin.wait_for_load_state("networkidle")
    admin.goto(f"{live.address}/admin/core/task/")
    shoot("tasks")
    admin.locator("#result_list tbody tr a").first.click()
    expect(admin.locator(".cdp-panel").first).to_be_visible()
    shoot("task")


def test_a_reevaluation_is_begun_and_watched(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Re-evaluation runs").click()
    admin.get_by_role("link", name="Run now").first.click()
    expect(admin.get_by_text("Re-evaluate everybody now?").first).to_be_visible()
    shoot("reevaluation-now")
    admin.get_by_role("button", name="Run now").click()

    expect(admin.locator("#result_list")).to_contain_text("Everybody, as time goes by")
    shoot("reevaluations")
    admin.locator("#result_list tbody tr a").first.click()
    expect(admin.get_by_text("Starts that found it under way")).to_be_visible()
    shoot("reevaluation")
