"""A draft is simulated in the editor: its counts stand on the drawing, and whom they are about beside it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

DRAFT: dict[str, Any] = {
    "triggers": [
        {"id": "begun", "kind": "event", "event_type": "checkout-started", "condition": "profile@visits.count > 1"}
    ],
    "nodes": [
        {"id": "start", "kind": "start", "position": {"x": 0, "y": 0}},
        {
            "id": "buys",
            "kind": "wait-for-event",
            "settings": {"awaits": "sale-completed", "time_out": "1 hour"},
            "position": {"x": 0, "y": 160},
        },
        {"id": "end", "kind": "end", "position": {"x": -160, "y": 340}},
        {"id": "late", "kind": "end", "position": {"x": 160, "y": 340}},
    ],
    "edges": [
        {"from": "start", "to": "buys"},
        {"from": "buys", "to": "end"},
        {"from": "buys", "port": "time_out", "to": "late"},
    ],
}
MAKE = """
import json
from django.utils import timezone
from apps.core.audit import COMMAND
from apps.flows.changing import publishing
from apps.flows.models import Flow
row = Flow(key="carts", name="Carts", draft=json.loads(%r))
publishing.save(row, revision=0, is_unfinished=False, actor=COMMAND, now=timezone.now())
"""


def test_counts_of_a_simulation_stand_on_the_drawing_and_lead_to_people(
    admin: Page, live: Live, shoot: Callable[[str], None]
) -> None:
    live.manage("shell", "--no-imports", "-c", MAKE % json.dumps(DRAFT))
    (row,) = live.rows("SELECT id FROM flows_flow WHERE key = 'carts'")
    admin.goto(f"{live.address}/admin/flows/flow/{row['id']}/editor/")
    admin.get_by_role("navigation", name="Modes").get_by_role("button", name="Simulate").click()
    panel = admin.get_by_role("region", name="Simulate")
    panel.get_by_label("Over the last").select_option("90")
    panel.get_by_role("button", name="Simulate").click()
    expect(panel.get_by_role("progressbar", name="Progress")).to_be_visible()
    shoot("simulation-begun")

    live.manage("rqworker", "default", "--burst")
    expect(panel.get_by_text("were looked at")).to_be_visible()
    expect(panel.get_by_role("progressbar")).to_have_count(0)
    (made,) = live.rows("SELECT counts FROM flows_simulation")
    n_entered, passed = made["counts"]["n_entered"], made["counts"]["passed"]
    n_late = passed["buys\ttime_out"]
    assert passed["start\tout"] == n_entered == passed["buys\tout"] + n_late > 0
    expect(panel.get_by_role("listitem").filter(has_text="would have entered")).to_contain_text(f"{n_entered:,}")
    expect(admin.locator("[data-id=buys]")).to_contain_text(f"{n_entered:,}")
    expect(panel.get_by_text("as they are today")).to_have_count(1)
    shoot("simulation-done")

    admin.get_by_title(f"{n_late:,} would have gone this way").first.click()
    samples = panel.get_by_role("region", name="Samples")
    expect(samples.get_by_role("listitem")).not_to_have_count(0)
    expect(samples.get_by_role("link").first).to_have_attribute("href", re.compile("^/admin/profiles/profile/"))
    shoot("simulation-samples")
