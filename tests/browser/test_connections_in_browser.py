"""What a developer does about connections in a real browser: made, changed, tried, let go on, and deleted."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
HOLD = (
    "UPDATE bridges_connection SET held_at = now(), held_because = 'The answer was 401.' WHERE name = 'CRM'"
    " RETURNING id"
)


def test_a_connection_is_made_changed_tried_released_and_deleted(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Connections").click()
    shoot("connections-none")
    admin.locator("a[href='/admin/bridges/connection/add/']").first.click()
    expect(admin.get_by_text("What is to be reached?").first).to_be_visible()
    shoot("connection-kinds")
    admin.get_by_role("link", name="HTTP Requests").click()

    # What is only there beside some choice is hidden until then.
    expect(admin.locator("[name=live_token]")).to_be_hidden()
    expect(admin.locator("[name=test_base_url]")).to_be_hidden()
    expect(admin.get_by_text("Add a row")).to_have_count(2)
    expect(admin.get_by_text("Add a row").last).to_be_hidden()
    admin.locator("[name=name]").fill("CRM")
    admin.locator("[name=live_base_url]").fill("https://10.0.0.1/v1")
    admin.locator("[name=live_auth]").select_option("bearer")
    expect(admin.locator("[name=live_token]")).to_be_visible()
    expect(admin.locator("[name=live_password]")).to_be_hidden()
    admin.locator("[name=live_token]").fill("open sesame")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("an address of a private or reserved network")).to_be_visible()
    shoot("connection-refused")
    admin.locator("[name=live_base_url]").fill("https://crm.invalid/v1")
    admin.locator("[name=live_token]").fill("open sesame")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    expect(admin.get_by_text("It is kept, and not shown.")).to_be_visible()
    assert "sesame" not in admin.content()
    shoot("connection-made")

    _replace_the_secret_and_try(admin, live, shoot)

    live.rows(HOLD)
    admin.goto(f"{live.address}/admin/bridges/connection/")
    expect(admin.locator("#result_list")).to_contain_text("The answer was 401.")
    shoot("connections-held")
    admin.locator("#result_list").get_by_role("link", name="CRM", exact=True).click()
    admin.get_by_role("link", name="Go on").click()
    shoot("connection-release")
    admin.get_by_role("button", name="Go on").click()
    expect(admin.get_by_text("CRM sends again.")).to_be_visible()
    expect(admin.get_by_text("on", exact=True)).to_be_visible()

    admin.get_by_role("link", name="Delete").click()
    shoot("connection-delete")
    admin.locator("#id_name").fill("CRM")
    admin.get_by_role("button", name="Delete", exact=True).click()
    expect(admin.get_by_text("was deleted successfully")).to_be_visible()


def _replace_the_secret_and_try(admin: Page, live: Live, shoot: Shoot) -> None:
    def encrypted() -> str:
        [found] = live.rows("SELECT secrets FROM bridges_connection WHERE name = 'CRM'")
        return str(found["secrets"])

    before = encrypted()
    assert before
    assert "sesame" not in before
    admin.locator("[name=live_base_url]").fill("https://crm.invalid/v2")
    admin.locator("[name=live_token]").fill("another")
    admin.locator("[name=tests_send]").check(force=True)
    expect(admin.locator("[name=test_base_url]")).to_be_visible()
    admin.locator("[name=test_base_url]").fill("https://localhost/")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    assert encrypted() != before

    admin.get_by_role("link", name=re.compile(r"\bTest$")).click()
    shoot("connection-try")
    admin.get_by_role("button", name="Test it", exact=True).click()
    expect(admin.get_by_text("There is no host crm.invalid")).to_be_visible()
    shoot("connection-tried")
    admin.get_by_role("button", name="Test it by its settings for tests").click()
    expect(admin.get_by_text("localhost leads to")).to_be_visible()
    admin.get_by_role("link", name="Back").click()


def test_a_mail_server_is_entered_and_tried(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/bridges/connection/add/?kind=smtp")
    admin.locator("[name=name]").fill("Mail")
    admin.locator("[name=live_host]").fill("mail.invalid")
    admin.locator("[name=live_user]").fill("anna")
    admin.locator("[name=live_from_address]").fill("shop")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("shop is no e-mail address.")).to_be_visible()
    expect(admin.get_by_text("This has to be filled in.")).to_be_visible()
    shoot("connection-mail-refused")
    admin.locator("[name=live_password]").fill("open sesame")
    admin.locator("[name=live_from_address]").fill("news@shop.example")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    admin.get_by_role("link", name=re.compile(r"\bTest$")).click()
    admin.get_by_role("button", name="Test it", exact=True).click()
    expect(admin.get_by_text("There is no host mail.invalid")).to_be_visible()
