"""Segments in a real browser: clicked together, read as text, counted, built; and why somebody is in one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


def text_of(page: Page) -> Locator:
    return page.locator("#id_condition")


def test_a_segment_is_clicked_together_counted_and_explained(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.set_viewport_size({"width": 1440, "height": 1000})
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    admin.get_by_label("Name").fill("Loyal buyers")
    builder = admin.locator("[data-builder]")
    builder.get_by_role("button", name="+ Field").click()
    builder.get_by_label("Field", exact=True).fill("profile@visits.count")
    builder.get_by_label("Field", exact=True).press("Tab")
    builder.get_by_label("Test", exact=True).select_option("is at least")
    builder.get_by_label("Value", exact=True).fill("2")
    expect(text_of(admin)).to_have_value("profile@visits.count >= 2")

    builder.get_by_role("button", name="+ Events").click()
    events = builder.locator(".cdp-row-did")
    events.get_by_label("Event types").fill("sale-completed")
    events.get_by_label("Event types").press("Enter")
    events.get_by_label("When").select_option("in the last")
    events.get_by_label("How long: number").fill("60")
    events.get_by_role("button", name="+ where").click()
    events.get_by_role("button", name="+ Property").click()
    where = events.locator(".cdp-where")
    where.get_by_label("Field", exact=True).fill("event@properties.total")
    where.get_by_label("Field", exact=True).press("Tab")
    where.get_by_label("Test", exact=True).select_option("is more than")
    where.get_by_label("Value", exact=True).fill("20")
    condition = 'profile@visits.count >= 2 AND DID("sale-completed" WHERE event@properties.total > 20 LAST 60 DAYS)'
    expect(text_of(admin)).to_have_value(condition)
    expect(admin.locator("[data-count] strong")).to_have_text(re.compile(r"\d"))
    shoot("segment-add-1440")
    admin.set_viewport_size({"width": 1280, "height": 900})
    shoot("segment-add-1280")
    raise AssertionError
