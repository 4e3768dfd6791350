"""What an operator does about deliveries in a real browser: looks for them, reads why, tries again and cancels."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

MAKE = """
from datetime import datetime, UTC
from apps.bridges import outbox
from apps.bridges.models import Connection, Delivery
now = datetime.now(UTC)
held = Connection.objects.create(
    name="Shop CRM", kind="http", settings={"base_url": "https://crm.invalid/v1"},
    held_at=now, held_because="The answer was 401.",
)
order = {"method": "POST", "path": "/orders", "headers": {"X-Shop": "5"}, "body": '{"order": "A-17", "total": 12.5}'}
outbox.plan([outbox.make(held.pk, f"run-{n}", order, origin="flow", now=now) for n in range(3)])
said = {503: "The answer was 503.", 422: "The answer was 422."}
tries = [{"at": now.isoformat(), "said": text, "status": status, "ms": 40} for status, text in said.items()]
Delivery.objects.filter(key="run-0").update(
    outcome="refused", due_at=None, dead_at=now, ended_at=now, error="The answer was 422.", n_tries=2, tries=tries,
    answer={"said": "The answer was 422.", "status": 422, "headers": {"content-type": "application/json"},
            "body": '{"problem": "no such order"}'},
)
"""


def test_deliveries_are_found_read_tried_again_and_cancelled(
    admin: Page, live: Live, shoot: Callable[[str], None]
) -> None:
    live.manage("shell", "--no-imports", "-c", MAKE)
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Deliveries").click()
    expect(admin.locator("#result_list")).to_contain_text("its connection is held. The answer was 401.")
    shoot("deliveries")

    admin.goto(f"{live.address}/admin/bridges/delivery/?outcome=refused")
    admin.locator("#result_list tbody a").first.click()
    for text in ("A-17", "no such order", "The answer was 503."):
        expect(admin.get_by_text(text).first).to_be_visible()
    shoot("delivery")
    admin.get_by_role("link", name="Try again").click()
    expect(admin.get_by_text("under the same key")).to_be_visible()
    shoot("delivery-retry")
    admin.get_by_role("button", name="Try again").click()
    expect(admin.get_by_text("1 delivery is tried again at once.")).to_be_visible()
    admin.get_by_role("link", name="Cancel").click()
    admin.get_by_role("button", name="Cancel").click()
    expect(admin.get_by_text("1 delivery is cancelled.")).to_be_visible()
    expect(admin.get_by_text("cancelled", exact=True)).to_be_visible()
    shoot("delivery-cancelled")
    assert live.rows("SELECT outcome FROM bridges_delivery WHERE key = 'run-0'") == [{"outcome": "cancelled"}]
