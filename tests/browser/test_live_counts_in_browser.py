"""How people go through a flow is watched in the editor: counts, who, the way of one of them, and what is done."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

DRAFT: dict[str, Any] = {
    "triggers": [{"id": "by-hand", "kind": "manual"}],
    "goals": [{"id": "bought", "name": "Bought", "event_type": "sale-completed", "within_secs": 3600}],
    "nodes": [
        {"id": "start", "kind": "start", "position": {"x": 0, "y": 0}},
        {
            "id": "half",
            "kind": "split",
            "settings": {"branches": [{"port": "mail", "weight": 1}, {"port": "holdout", "weight": 1}]},
            "position": {"x": 0, "y": 160},
        },
        {"id": "day", "kind": "wait", "settings": {"length": "1 day"}, "position": {"x": -160, "y": 340}},
        {"id": "end", "kind": "end", "position": {"x": 160, "y": 520}},
    ],
    "edges": [
        {"from": "start", "to": "half"},
        {"from": "half", "port": "mail", "to": "day"},
        {"from": "half", "port": "holdout", "to": "end"},
        {"from": "day", "to": "end"},
    ],
}
MAKE = """
import json
from django.utils import timezone
from apps.core.audit import COMMAND
from apps.flows.changing import publishing, switching
from apps.flows.changing.publishing import People
from apps.flows.models import Flow
from apps.flows.triggers import starting
from apps.profiles.models import Profile
row, now = Flow(key="halves", name="Halves", draft=json.loads(%r)), timezone.now()
publishing.save(row, revision=0, is_unfinished=False, actor=COMMAND, now=now)
publishing.publish(row.pk, revision=row.draft_revision, people=People.FINISH, note="", actor=COMMAND, now=now)
switching.switch_on(row.pk, actor=COMMAND, now=now)
row.refresh_from_db()
for id in Profile.objects.values_list("pk", flat=True)[:30]:
    starting.start_one(row, id, by="admin")
"""
GO_ON = """
from django.utils import timezone
from apps.flows.runs import batches
while batches.go_on(now=timezone.now()):
    pass
"""
INSIDE = """
SELECT count(*) AS n FROM flows_run AS run JOIN flows_flow AS flow ON flow.id = flow_id
WHERE key = 'halves' AND status = 1
"""


def test_people_are_watched_looked_at_and_let_go_on(admin: Page, live: Live, shoot: Callable[[str], None]) -> None:
    live.manage("shell", "--no-imports", "-c", MAKE % json.dumps(DRAFT))
    live.manage("shell", "--no-imports", "-c", GO_ON)
    (row,) = live.rows("SELECT id FROM flows_flow WHERE key = 'halves'")
    n_waiting = live.rows(INSIDE)[0]["n"]

    admin.goto(f"{live.address}/admin/flows/flow/{row['id']}/editor/")
    admin.get_by_role("navigation", name="Modes").get_by_role("button", name="Live").click()
    panel = admin.get_by_role("region", name="Live")
    expect(panel.get_by_text(f"{n_waiting} inside now")).to_be_visible()
    expect(admin.locator("[data-id=half]")).to_contain_text("30")
    expect(admin.locator("[data-id=day]")).to_contain_text(f"{n_waiting} here")
    expect(admin.get_by_title(f"{n_waiting} went this way").first).to_be_attached()
    expect(panel.get_by_role("table")).to_contain_text("holdout")
    shoot("live")

    admin.locator("[data-id=day] .card").click()
    who = panel.get_by_role("region", name="Who")
    expect(who.get_by_role("listitem")).to_have_count(min(n_waiting, 20))
    shoot("live-who")
    who.get_by_role("listitem").first.get_by_role("button").click()
    run = panel.get_by_role("region", name="A run")
    expect(run.get_by_role("listitem")).to_have_count(3)
    expect(admin.locator(".card[data-path]")).to_have_count(3)
    shoot("live-run")
    run.get_by_role("button", name="Back").click()

    who.get_by_role("button", name="Skip what they wait for (all)").click()
    admin.get_by_role("dialog").get_by_role("button", name="Skip what they wait for").click()
    expect(admin.get_by_text(f"Skip what they wait for: {n_waiting}.")).to_be_visible()
    live.manage("shell", "--no-imports", "-c", GO_ON)
    expect(panel.get_by_text("0 inside now")).to_be_visible()
    expect(panel.get_by_role("listitem").filter(has_text="30 finished")).to_be_visible()
    assert live.rows(INSIDE)[0]["n"] == 0
