"""Ready flows and the pages of nodes in a real browser: looked through, taken, named, published, changed, deleted."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import fits
from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
LIST = "/admin/flows/flow/"
SITE = "https://www.teashop.example"
NARROW, WIDE = {"width": 400, "height": 900}, {"width": 1440, "height": 900}
MAIL = """
from apps.bridges.models import Connection
Connection.objects.get_or_create(name="Letters", kind="smtp", defaults={"settings": {
    "host": "127.0.0.1", "port": 25, "security": "none", "sign_in": "none", "from_address": "shop@shop.example"}})
"""


NO_MAIL = """
from apps.bridges.models import Connection
Connection.objects.filter(kind="smtp").delete()  # which other tests have made here
"""


def keys(live: Live) -> set[str]:
    return {row["key"] for row in live.rows("SELECT key FROM flows_flow")}


def narrow(page: Page, shoot: Shoot, name: str) -> None:
    """Look at a page on a phone: nothing is wider than it."""
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    shoot(f"{name}-narrow")
    fits(page)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]


def take(page: Page, key: str, name: str = "") -> Any:
    """Fill in the part of a ready flow, and return it."""
    part = page.locator(f"#{key}")
    page.get_by_label("Your site").fill(SITE)
    if name:
        part.get_by_label("Its name here").fill(name)
    return part


def test_a_flow_is_started_from_a_ready_one(admin: Page, live: Live, shoot: Shoot) -> None:
    live.manage("shell", "--no-imports", "-c", NO_MAIL)
    admin.goto(f"{live.address}{LIST}")
    admin.get_by_role("link", name="Start from a ready flow").first.click()
    shoot("ready-flows")
    narrow(admin, shoot, "ready-flows")
    admin.get_by_role("navigation", name="Ready flows").get_by_role("link", name=re.compile("^Onboarding")).click()
    part = take(admin, "onboarding", "First steps")
    expect(part.get_by_role("heading", name="Onboarding")).to_be_in_viewport()
    shoot("ready-flow")
    narrow(admin, shoot, "ready-flow")
    part.get_by_label("Its name here").press("Enter")  # which makes no draft, of this one or of the first
    before = keys(live)
    part.get_by_role("button", name="Make a draft: Onboarding").click()

    expect(admin.get_by_text("First steps is here, as a draft. Before it can be published it needs:")).to_be_visible()
    assert keys(live) - before == {"first-steps"}
    shoot("ready-lacks")
    admin.get_by_role("link", name="Look at them").click()
    problems = admin.get_by_role("region", name="Problems")
    expect(problems.get_by_text("There is no connection Shop mail. Add it under Connections.")).to_have_count(5)


def test_a_ready_flow_is_published_taken_twice_changed_and_deleted(admin: Page, live: Live, shoot: Shoot) -> None:
    live.manage("shell", "--no-imports", "-c", MAIL)
    admin.goto(f"{live.address}{LIST}ready")
    take(admin, "abandoned-cart", "Cart").get_by_role("button").click()
    expect(admin.get_by_text("Cart is here, as a draft. Look at it, and publish it.")).to_be_visible()
    admin.get_by_role("link", name="Publish it").click()
    expect(admin.get_by_text("once in 3 days")).to_be_visible()
    shoot("ready-publish")
    admin.get_by_role("button", name="Publish").click()
    expect(admin.get_by_text("people enter from now on")).to_be_visible()
    expect(admin.locator(".cdp-head").get_by_text("on", exact=True)).to_be_visible()

    admin.goto(f"{live.address}{LIST}ready#abandoned-cart")
    part = take(admin, "abandoned-cart", "Cart")
    part.get_by_role("button").click()
    expect(part.get_by_text("There is a flow cart already: give this one another name.")).to_be_visible()
    shoot("ready-twice")
    take(admin, "abandoned-cart", "Second cart").get_by_role("button").click()
    expect(admin.get_by_text("Second cart is here, as a draft. Look at it, and publish it.")).to_be_visible()

    admin.get_by_role("link", name="Edit as text").click()
    draft = admin.locator("[name=draft]")
    draft.fill(draft.input_value().replace("4 hours", "2 hours"))
    expect(admin.locator("#flow-checked")).to_contain_text("2 hours")
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("at most “2 hours”").first).to_be_visible()
    admin.get_by_role("link", name="Delete").click()
    admin.locator(".cdp-question [name=name]").fill("Second cart")
    admin.locator(".cdp-question .cdp-danger").click()
    expect(admin).to_have_url(re.compile(f"{LIST}$"))
    live.manage("rqworker", "default", "--burst")
    assert "second-cart" not in keys(live)


def test_a_node_is_found_by_its_old_name_by_words_and_read(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}{LIST}add/?kind=collection&as_text=1")
    expect(admin.locator("#flow-checked")).to_contain_text(re.compile("mistake"))
    admin.get_by_text("Nodes that there are").click()
    admin.get_by_role("link", name="By groups, with all of their settings").click()
    shoot("nodes")
    narrow(admin, shoot, "nodes")
    asked = admin.get_by_label("Look for nodes")
    asked.fill("data")
    asked.press("Enter")
    expect(admin.get_by_role("heading", name="Called so in Tracardi")).to_be_visible()
    shoot("nodes-old-names")
    narrow(admin, shoot, "nodes-old-names")
    admin.get_by_label("Look for nodes").fill("sleep")
    admin.get_by_role("button", name="Search").click()
    admin.get_by_role("link", name="Wait", exact=True).click()
    expect(admin.get_by_text("In Tracardi: Sleep, Pause and Resume.")).to_be_visible()

    admin.get_by_role("link", name="All nodes").click()
    admin.get_by_label("Look for nodes").fill("something event condition")
    admin.get_by_role("button", name="Search").click()
    admin.get_by_role("link", name=re.compile("^Wait for an event|Wait for an event")).first.click()
    expect(admin.get_by_text("What has come since the flow was started, too")).to_be_visible()
    expect(admin.locator("pre.cdp-snippet")).to_contain_text('"awaits": "order-completed"')
    shoot("node")
    narrow(admin, shoot, "node")
