"""What an operator does about alerts in a real browser: a channel, an alert, a look at what was found, and a pause."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
ADDED = "was added successfully"
DEAD_LETTER = (
    "INSERT INTO events_inboxitem (source_id, dialect, body, envelope, received_at, attempts, error, dead_at)"
    " VALUES (gen_random_uuid(), 'track', '{}', '{}', now(), 1, 'broken', now()) RETURNING id"
)


def test_channels_are_added_tried_changed_and_deleted_and_keep_their_secrets(
    admin: Page, live: Live, shoot: Shoot
) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Notification channels").click()
    shoot("channels-none")
    admin.locator("a[href='/admin/alerts/channel/add/']").first.click()
    expect(admin.get_by_text("How are people to be told?").first).to_be_visible()
    shoot("channel-kinds")
    admin.get_by_role("link", name="Webhook JSON").click()
    admin.get_by_label("Name").fill("On-call desk")
    admin.get_by_label("Address").fill("http://127.0.0.1:9/geheim")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("an address of a private or reserved network")).to_be_visible()
    shoot("channel-refused")
    admin.get_by_label("Address").fill("https://192.0.2.1/geheim")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("an address of a private or reserved network")).to_be_visible()  # of documents
    admin.get_by_label("Address").fill("https://hook.invalid/geheim")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("Copy the secret now")).to_be_visible()
    expect(admin.get_by_text("https://hook.invalid/…")).to_be_visible()
    assert "geheim" not in admin.content()
    shoot("channel-made")

    admin.get_by_role("link", name="Send a test").click()
    shoot("channel-test")
    admin.get_by_role("button", name="Send it").click()
    expect(admin.get_by_text("It was not sent. There is no host hook.invalid")).to_be_visible()
    shoot("channel-test-failed")

    admin.goto(f"{live.address}/admin/alerts/channel/add/?kind=email")
    admin.get_by_label("Name").fill("Operators")
    admin.get_by_label("Recipients").fill("anna@example.com\nben@example.com")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator("#result_list")).to_contain_text("anna@example.com, ben@example.com")
    shoot("channels")

    admin.locator("#result_list").get_by_role("link", name="Operators").click()
    admin.get_by_label("Recipients").fill("anna@example.com")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    expect(admin.locator("#result_list")).not_to_contain_text("ben@example.com")
    admin.locator("#result_list").get_by_role("link", name="Operators").click()
    admin.get_by_role("link", name="Delete").click()
    admin.locator("#id_name").fill("Operators")
    admin.get_by_role("button", name="Delete", exact=True).click()
    expect(admin.get_by_text("was deleted successfully")).to_be_visible()


def test_an_alert_is_added_finds_something_and_is_muted_and_deleted(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name=re.compile(r"\bAlerts$")).click()
    expect(admin.get_by_text("no process evaluates alerts")).to_be_visible()
    shoot("alerts-nobody-looks")
    admin.locator("a[href='/admin/alerts/alert/add/']").first.click()
    shoot("alert-kinds")
    admin.get_by_role("link", name="A source falls silent").click()
    admin.get_by_label("Name").fill("The shop is silent")
    admin.get_by_label("Minutes without an event").fill("0")
    admin.get_by_label("Source", exact=True).select_option("Sample shop")
    admin.get_by_label("Minutes without an event").fill("45")
    shoot("alert-add")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text(ADDED)).to_be_visible()
    stored = live.rows("SELECT params FROM alerts_alert WHERE name = 'The shop is silent'")
    assert stored[0]["params"]["minutes"] == 45

    [letter] = live.rows(DEAD_LETTER)
    live.manage("alerts", "--once")
    admin.goto(f"{live.address}/admin/")
    expect(admin.get_by_text("Open incidents")).to_be_visible()
    shoot("home-incidents")
    admin.get_by_role("link", name="There are dead letters").click()
    expect(admin.get_by_text("An accepted request is a dead letter")).to_be_visible()
    shoot("alert-open")
    admin.get_by_label("Severity").select_option("Critical")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    admin.get_by_role("link", name="Mute").click()
    shoot("alert-mute")
    admin.get_by_role("button", name="Eight hours").click()
    expect(admin.get_by_text("Nobody is told of There are dead letters before")).to_be_visible()
    admin.goto(f"{live.address}/admin/alerts/alert/")
    expect(admin.locator("#result_list")).to_contain_text("1 open, muted until")
    shoot("alerts")

    live.rows("DELETE FROM events_inboxitem WHERE id = %s RETURNING id", letter["id"])
    admin.get_by_role("link", name="The shop is silent").click()
    admin.get_by_role("link", name="Delete").click()
    admin.locator("#id_name").fill("The shop is silent")
    shoot("alert-delete")
    admin.get_by_role("button", name="Delete", exact=True).click()
    expect(admin.get_by_text("was deleted successfully")).to_be_visible()
