"""A person's facts are set by hand in a real browser, and the page tells who did."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


def test_facts_and_traits_are_set_by_hand_and_the_history_tells_it(admin: Page, live: Live, shoot: Shoot) -> None:
    known = "SELECT id FROM profiles_profile WHERE primary_id LIKE 'C-1%%' ORDER BY id LIMIT 1"
    address = f"{live.address}/admin/profiles/profile/{live.rows(known)[0]['id']}/change/"
    admin.goto(address)
    admin.get_by_role("link", name="Edit", exact=True).click()
    expect(admin.get_by_label("Firstname", exact=True)).to_be_visible()
    shoot("profile-edit")

    admin.get_by_label("Firstname", exact=True).fill("Ada")
    admin.locator("summary", has_text="Work").click()
    admin.get_by_label("Job: salary").fill("much")
    admin.get_by_role("button", name="+ Add a row").click()
    admin.get_by_label("Name", exact=True).last.fill("plan")
    admin.get_by_label("Value", exact=True).last.fill("pro")
    admin.get_by_role("button", name="Save").click()
    expect(admin.locator(".cdp-problem").last).to_contain_text("Expected a number")
    shoot("profile-edit-mistake")

    admin.get_by_label("Job: salary").fill("90000")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("3 fields were set.")).to_be_visible()
    expect(admin.get_by_role("heading", name=re.compile(r"^Ada\b"))).to_be_visible()
    history = admin.locator(".cdp-panel").filter(has_text="Set by hand")
    for part in ("plan", "pro", "Firstname", "90000", "admin"):
        expect(history).to_contain_text(part)
    history.scroll_into_view_if_needed()
    shoot("profile-history")
