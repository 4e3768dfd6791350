"""A form outlives the session of who fills it in."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = pytest.mark.xdist_group("live")


def test_who_was_signed_out_while_editing_signs_in_and_saves(
    admin: Page, live: Live, shoot: Callable[[str], None]
) -> None:
    admin.goto(f"{live.address}/admin/events/source/add/")
    admin.locator("#id_name").fill("Typed before the session ended")
    admin.context.clear_cookies()

    admin.get_by_label("Find people and pages").fill("ada")  # at once: each letter may be asked for, and answered
    expect(admin.get_by_text("You were signed out.")).to_be_visible()
    admin.get_by_role("button", name="Back to the form").click()

    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("You were signed out.")).to_be_visible()
    shoot("signed-out")
    with admin.context.expect_page() as opened:
        admin.get_by_role("link", name="Sign in in another window").click()
    beside = opened.value
    beside.get_by_label("Username").fill("admin")
    beside.get_by_label("Password").fill(live.password)
    beside.get_by_role("button", name="Log in").click()
    beside.get_by_text("Events by hour").wait_for()
    beside.close()

    admin.get_by_role("button", name="Back to the form").click()
    expect(admin.locator("#id_name")).to_have_value("Typed before the session ended")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin).not_to_have_url(re.compile("/add/"))
    assert live.rows("SELECT 1 FROM events_source WHERE name = 'Typed before the session ended'")
