"""A person's facts are set by hand in a real browser, and the page tells who did."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.chromium import fits
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

    admin.get_by_label("Find a field").fill("salary")
    expect(admin.get_by_label("Job: salary")).to_be_visible()
    expect(admin.get_by_label("Firstname", exact=True)).to_be_hidden()
    shoot("profile-edit-find")
    admin.get_by_label("Find a field").fill("")
    expect(admin.get_by_label("Job: salary")).to_be_hidden()

    admin.get_by_label("Firstname", exact=True).fill("Ada")
    admin.locator("summary", has_text="Work").click()
    admin.get_by_label("Job: salary").fill("much")
    admin.get_by_label("Birthday").fill("1990-02-21")
    admin.get_by_label("Main e-mail address").fill("not-an-email")
    admin.get_by_role("button", name="+ Add a row").click()
    admin.get_by_label("Name", exact=True).last.fill("plan")
    admin.get_by_label("Value", exact=True).last.fill("pro")
    admin.get_by_role("button", name="Save").click()
    expect(admin.locator(".cdp-problem").first).to_contain_text("Main e-mail address")
    expect(admin.locator(".cdp-problem").first).to_contain_text("Job: salary")
    expect(admin.locator(".cdp-problem").last).to_contain_text("Expected a number")
    shoot("profile-edit-mistake")

    admin.get_by_label("Job: salary").fill("90000")
    admin.get_by_label("Main e-mail address").fill("ada@example.com")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("5 fields were set.")).to_be_visible()
    expect(admin.get_by_role("heading", name=re.compile(r"^Ada\b"))).to_be_visible()
    history = admin.locator(".cdp-panel").filter(has_text="Set by hand")
    admin.set_viewport_size({"width": 390, "height": 844})
    fits(admin)
    for narrow in admin.locator(".cdp-change > p, .cdp-rows > div:not(:has(> dd > span.cdp-none)) > dd").all():
        assert narrow.bounding_box()["width"] > 150, narrow.inner_text()  # type: ignore[index]
    shoot("profile-390")
    history.scroll_into_view_if_needed()
    shoot("profile-390-history")
    admin.locator(".cdp-panel").filter(has=admin.get_by_role("heading", name="Facts")).scroll_into_view_if_needed()
    shoot("profile-390-facts")
    admin.set_viewport_size({"width": 1440, "height": 900})
    shoot("profile-1440")
    for part in ("plan", "pro", "Firstname", "90000", "21 Feb 1990", "admin"):
        expect(history).to_contain_text(part)
    history.scroll_into_view_if_needed()
    shoot("profile-history")

    history.locator(".cdp-change").filter(has_text="Job: salary").get_by_role("link", name="Undo").click()
    admin.get_by_role("button", name="Undo the change").click()
    expect(admin.get_by_text("It is as it was before.")).to_be_visible()


def test_what_the_browser_cannot_read_deletes_nothing(admin: Page, live: Live, shoot: Shoot) -> None:
    said = {"userId": "born", "writeKey": live.source("Registry")["write_key"], "traits": {"birthday": "1991-02-21"}}
    assert admin.request.post(f"{live.address}/v1/identify", data=said).ok
    live.wait_until_drained()
    known = "SELECT id, data FROM profiles_profile WHERE primary_id = 'born'"
    person = live.rows(known)[0]
    address = f"{live.address}/admin/profiles/profile/{person['id']}"
    admin.goto(f"{address}/edit/")
    birthday = admin.locator("[name='data.pii.birthday']")
    birthday.focus()
    birthday.press_sequentially("02311990")
    admin.locator("details", has=birthday).locator("summary").click()
    admin.get_by_role("button", name="Save").click()

    expect(birthday).to_be_focused()  # its group has opened again
    shoot("profile-edit-no-such-day")
    assert live.rows(known)[0] == person

    # Django's own forms tell browsers to check nothing: no end is sent for a number that is none.
    admin.once("dialog", lambda dialog: dialog.accept())
    admin.goto(f"{live.address}/admin/profiles/consenttype/add/")
    days = admin.locator("input[type=number]").first
    days.press_sequentially("1e")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(days).to_be_focused()
    expect(admin.locator(".errornote")).to_have_count(0)


def test_an_edited_form_is_not_left_by_mistake(admin: Page, live: Live) -> None:
    known = "SELECT id FROM profiles_profile WHERE primary_id LIKE 'C-1%%' ORDER BY id LIMIT 1"
    admin.goto(f"{live.address}/admin/profiles/profile/{live.rows(known)[0]['id']}/edit/")
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    admin.on("dialog", leave)
    admin.get_by_label("Firstname", exact=True).press_sequentially("x")
    admin.get_by_role("link", name="Cancel").click()

    expect(admin).to_have_url(re.compile("/change/$"))
    assert asked == ["beforeunload"]


def test_people_are_found_as_one_types_and_in_the_list(admin: Page, live: Live, shoot: Shoot) -> None:
    known = "SELECT name FROM profiles_profile WHERE primary_id LIKE 'C-1%%' AND name <> '' ORDER BY id LIMIT 1"
    name = str(live.rows(known)[0]["name"])
    admin.goto(f"{live.address}/admin/")
    box = admin.get_by_label("Find people and pages")

    box.press_sequentially(name[:5].lower())
    expect(admin.locator(".cdp-found").get_by_text(name).first).to_be_visible()
    shoot("search-of-the-sidebar")
    box.fill("zzzzzz")
    expect(admin.get_by_text("Nobody and nothing is called so.")).to_be_visible()
    box.fill(name[:5])
    expect(admin.locator(".cdp-found").get_by_text(name).first).to_be_visible()
    box.press("Enter")
    expect(admin.locator("#result_list").get_by_text(name).first).to_be_visible()
    shoot("people-found")
