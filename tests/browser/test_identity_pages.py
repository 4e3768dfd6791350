"""The pages about identity in a real browser: a merge is previewed, done and undone; rules are made."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


def test_two_profiles_are_merged_after_a_look_and_separated_after_a_question(
    admin: Page, live: Live, shoot: Shoot
) -> None:
    known = "SELECT id, email FROM profiles_profile WHERE email IS NOT NULL ORDER BY id LIMIT 2"
    one, other = live.rows(known)
    admin.goto(f"{live.address}/admin/profiles/profile/{one['id']}/change/")
    admin.get_by_role("link", name="Merge with another profile").click()
    admin.get_by_label("The other profile").fill(str(other["id"]))
    admin.get_by_role("button", name="Show what that gives").click()
    expect(admin.get_by_role("heading", name="What the two become")).to_be_visible()
    shoot("merge-preview")

    admin.get_by_role("button", name="Merge them").click()
    expect(admin.get_by_text("The two profiles are one now.")).to_be_visible()
    shoot("merge-done")
    admin.goto(f"{live.address}/admin/profiles/merge/")
    shoot("merge-list")
    admin.locator("#result_list tbody tr a").first.click()
    shoot("merge-page")
    admin.get_by_role("link", name="Undo this merge").click()
    shoot("merge-undo")
    admin.get_by_role("button", name="Yes, separate them").click()

    expect(admin.get_by_text("The profiles are two again")).to_be_visible()
    assert (
        live.rows("SELECT count(*) AS n FROM profiles_profile WHERE id = ANY(%s)", [one["id"], other["id"]])[0]["n"]
        == 2
    )


def test_rules_about_identity_are_made(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/identificationpoint/")
    shoot("points-list")
    admin.get_by_role("link", name="identify", exact=True).first.click()
    expect(admin.get_by_label("Merges customers")).to_be_visible()
    shoot("points-change")

    admin.goto(f"{live.address}/admin/profiles/mergerule/add/")
    admin.get_by_label("Path").fill("traits.points")
    admin.locator("select[name=strategy]").select_option("max")
    shoot("rule-add")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("traits.points").first).to_be_visible()

    admin.goto(f"{live.address}/admin/profiles/blockedidentifier/add/")
    admin.get_by_label("Pattern").fill("*@agency.example")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator("#result_list")).to_contain_text("*@agency.example")
    shoot("blocked-list")
    admin.goto(f"{live.address}/admin/profiles/identityconflict/")
    shoot("conflicts")
