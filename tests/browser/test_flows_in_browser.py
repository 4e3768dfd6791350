"""Flows in a real browser: drawn, broken, read, published, changed with people inside, paused, started, deleted."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import fits
from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
LIST = "/admin/flows/flow/"
RUNS = "/admin/flows/run/"
# A flow that is on, with twelve people who wait in it, as the draft says.
MAKE = """
import json
from datetime import timedelta
from django.utils import timezone
from apps.core.audit import COMMAND
from apps.flows.changing import publishing
from apps.flows.models import Flow, NodeCount, Run
from apps.flows.changing.publishing import People
from apps.profiles.models import Profile
row = Flow(key=%(key)r, name=%(name)r, draft=json.loads(%(draft)r))
now = timezone.now()
publishing.save(row, revision=0, is_unfinished=False, actor=COMMAND, now=now)
version = publishing.publish(row.pk, revision=1, people=People.FINISH, note="The first.", actor=COMMAND, now=now)
Flow.objects.filter(pk=row.pk).update(state="on")
for n, person in enumerate(Profile.objects.filter(is_anonymous=False).order_by("id")[:12]):
    until = now + timedelta(minutes=100 + 55 * n)
    wait = {"id": 1, "node": "hour", "at": now.isoformat(), "visit": 1, "wait": {"until": until.isoformat()}}
    state = {"began": now.isoformat(), "steps": 2, "next": 2, "tokens": [wait], "path": [["start", "out", 0]]}
    Run.objects.create(flow=row, version=version, profile_id=person.pk, original_profile_id=person.pk, trigger="t1",
        place="hour", state=state, started_at=now, due_at=until)
NodeCount.objects.create(version=version, node="hour", n=12)
"""
MAKE_SEGMENT = """
from apps.segments.models import Segment
Segment.objects.create(key="regulars", name="Regulars", kind=Segment.Kind.FLOW)
"""
MEMBER = """
SELECT profile_id::text AS id, segment_id::text AS segment FROM segments_membership
JOIN segments_segment AS s ON s.id = segment_id WHERE s.key = 'regulars' LIMIT 1
"""
DRAFT: dict[str, Any] = {
    "triggers": [{"id": "t1", "kind": "manual"}],
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "hour", "kind": "wait", "name": "An hour", "settings": {"length": "1 hour"}},
        {"id": "end", "kind": "end"},
    ],
    "edges": [{"from": "start", "to": "hour"}, {"from": "hour", "to": "end"}],
}


def row_of(live: Live, key: str) -> dict[str, Any]:
    (found,) = live.rows("SELECT * FROM flows_flow WHERE key = %s", key)
    return found


def is_settled(page: Page) -> None:
    """Wait until the form says what it thinks of the draft."""
    expect(page.locator("#flow-checked")).to_contain_text(re.compile("mistake"))


@pytest.fixture
def reminder(live: Live, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a flow with people inside, and return the address of its page."""
    key = f"reminder-{request.node.name[5:40]}".rstrip("_").replace("_", "-")
    text = MAKE % {"key": key, "name": key.capitalize(), "draft": json.dumps(DRAFT)}
    live.manage("shell", "--no-imports", "-c", text)
    row = row_of(live, key)
    yield f"{live.address}{LIST}{row['id']}/"
    live.rows("DELETE FROM flows_run WHERE flow_id = %s RETURNING id", row["id"])


def runs_of(live: Live, page: Page) -> list[dict[str, Any]]:
    flow_id = page.url.rstrip("/").rpartition("/")[2]
    return live.rows("SELECT * FROM flows_run WHERE flow_id = %s ORDER BY id", flow_id)


def test_a_flow_is_drawn_broken_read_and_published(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}{LIST}add/")
    shoot("flow-kinds")
    admin.get_by_role("link", name="Do something for people").click()
    admin.get_by_role("link", name="Write it as text instead").click()
    admin.locator("[name=name]").fill("Drawn here")
    admin.locator("[name=name]").press("Tab")
    expect(admin.locator("[name=key]")).to_have_value("drawn-here")
    draft = admin.locator("[name=draft]")
    whole = json.dumps(DRAFT, indent=2)
    draft.fill(whole.replace('"kind": "end"', '"kind": "ende"'))
    admin.get_by_role("button", name="Check", exact=True).click()
    checked = admin.locator("#flow-checked")
    expect(checked).to_contain_text("1 mistake")
    line = next(n for n, text in enumerate(draft.input_value().splitlines(), 1) if '"ende"' in text)
    checked.get_by_role("link", name=f"Line {line}").click()
    assert '"kind": "ende"' in admin.evaluate(
        "() => { const t = document.activeElement; return t.value.slice(t.selectionStart, t.selectionEnd) }"
    )
    shoot("flow-broken")

    admin.locator("[name=_save]").click()
    expect(admin.get_by_text(re.compile(rf"Line {line}, ende \(end\), kind: There is no kind")).first).to_be_visible()
    expect(draft).to_have_value(re.compile("ende"))
    checked.get_by_role("link", name=f"Line {line}").click()
    shoot("flow-line")
    is_seen = """(line) => {
        const draft = document.activeElement, style = getComputedStyle(draft)
        const y = draft.getBoundingClientRect().top + (line - 0.5) * parseFloat(style.lineHeight) - draft.scrollTop
        const box = draft.getBoundingClientRect()
        return document.elementFromPoint(box.left + box.width / 2, y) === draft
    }"""
    assert admin.evaluate(is_seen, line)
    expect(admin.locator("[name=name]")).to_have_value("Drawn here")

    is_settled(admin)
    draft.fill(whole)
    expect(checked).to_contain_text("no mistakes")
    is_settled(admin)
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("The draft is whole")).to_be_visible()
    shoot("flow-whole")
    admin.get_by_role("link", name="Publish it").click()
    expect(admin.get_by_text("By hand, or by the API.")).to_be_visible()
    admin.locator("[name=note]").fill("The first one.")
    admin.get_by_role("button", name="Publish").click()
    expect(admin.get_by_text("people enter from now on")).to_be_visible()
    assert row_of(live, "drawn-here")["state"] == "on"


def look_why(admin: Page, live: Live, shoot: Shoot) -> None:
    """Ask on the page of a member why they are in it, and come to the page of the segment."""
    [member] = live.rows(MEMBER)
    admin.goto(f"{live.address}/admin/profiles/profile/{member['id']}/change/")
    expect(admin.get_by_text("Condition by true, Enter segment by out")).to_be_visible()
    admin.get_by_text("Condition by true, Enter segment by out").scroll_into_view_if_needed()
    shoot("everybody-person")
    admin.goto(f"{live.address}/admin/segments/segment/{member['segment']}/why/{member['id']}/")
    expect(admin.get_by_text("everybody, last")).to_be_visible()
    shoot("everybody-why")
    admin.get_by_role("link", name="Segment", exact=True).click()
    expect(admin.get_by_role("heading", name="Flows that decide")).to_be_visible()
    shoot("everybody-segment")


def delete_on_a_narrow_screen(admin: Page, live: Live, shoot: Shoot) -> None:
    """Delete the flow from its page: whoever is in the segment stays there."""
    admin.set_viewport_size({"width": 400, "height": 900})
    shoot("everybody-passed-narrow")
    fits(admin)
    admin.get_by_role("link", name="Delete").click()
    shoot("everybody-delete-narrow")
    admin.locator("#id_name").fill("Regulars")
    admin.get_by_role("button", name="Delete", exact=True).click()
    admin.wait_for_url(re.compile(f"{LIST}$"))
    live.manage("segment_live", "--full", "--wait")
    assert live.rows(MEMBER)


def test_a_flow_decides_about_everybody(admin: Page, live: Live, shoot: Shoot) -> None:
    live.manage("shell", "--no-imports", "-c", MAKE_SEGMENT)
    admin.goto(f"{live.address}{LIST}add/")
    admin.get_by_role("link", name="Decide who is in segments").click()
    admin.get_by_role("link", name="Write it as text instead").click()
    checked = admin.locator("#flow-checked")
    expect(checked).to_contain_text("no mistakes")
    expect(checked).to_contain_text("again every hour")
    admin.locator("[name=name]").fill("Regulars")
    admin.locator("[name=name]").press("Tab")
    shoot("everybody-new")
    is_settled(admin)
    admin.locator("[name=_save]").click()
    admin.get_by_role("link", name="Publish it").click()
    shoot("everybody-publish")
    admin.get_by_role("button", name="Publish").click()
    expect(admin.get_by_text("within a minute")).to_be_visible()
    shoot("everybody-on")
    page = admin.url

    admin.get_by_role("button", name="Go through everybody now").click()
    expect(admin).to_have_url(re.compile("/core/task/"))
    live.manage("segment_live", "--wait")
    state = "SELECT state FROM core_task WHERE kind = 'flow_segmentation'"
    wait_for(lambda: live.rows(state) == [{"state": "done"}], "the end of the task", timeout_secs=120)
    expect(admin.locator(".cdp-head").first).to_contain_text("Done")  # by itself: to load it anew would be in its way
    shoot("everybody-task")
    admin.locator(".cdp-links").get_by_role("link", name="Regulars", exact=True).click()
    expect(admin).to_have_url(page)
    expect(admin.get_by_role("row", name=re.compile("Condition"))).to_contain_text("by true")
    shoot("everybody-passed")
    admin.get_by_role("link", name="Edit as text").click()
    admin.locator("[name=description]").fill("Who comes back.")
    shoot("everybody-form")
    is_settled(admin)
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("Who comes back.")).to_be_visible()
    admin.get_by_role("link", name="Switch off").click()
    shoot("everybody-off")
    admin.goto(f"{live.address}{LIST}")
    shoot("everybody-list")
    look_why(admin, live, shoot)
    admin.get_by_role("link", name="Regulars", exact=True).last.click()
    expect(admin).to_have_url(page)
    delete_on_a_narrow_screen(admin, live, shoot)


def test_a_flow_is_published_again_with_people_inside_and_rolled_back(
    admin: Page, live: Live, reminder: str, shoot: Shoot
) -> None:
    admin.goto(reminder)
    shoot("flow-page")
    admin.get_by_role("link", name="Edit as text").click()
    is_settled(admin)
    draft = admin.locator("[name=draft]")
    draft.fill(draft.input_value().replace("1 hour", "2 hours"))
    is_settled(admin)
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("“1 hour” became “2 hours”")).to_be_visible()
    admin.get_by_role("link", name="Look at it, and publish it").click()
    expect(admin.get_by_text("12 people are inside just now")).to_be_visible()
    shoot("flow-publish")
    admin.get_by_text("They go on in the new version").click()
    admin.get_by_role("button", name="Publish").click()
    expect(admin.get_by_text("Version 2 is published.")).to_be_visible()
    versions = "SELECT number, successor_id IS NOT NULL AS moved FROM flows_flowversion WHERE flow_id = %s ORDER BY 1"
    flow_id = admin.url.rstrip("/").rpartition("/")[2]
    assert live.rows(versions, flow_id) == [{"number": 1, "moved": True}, {"number": 2, "moved": False}]

    admin.get_by_role("link", name="Versions").click()
    expect(admin.get_by_text("12 inside now")).to_be_visible()
    shoot("flow-versions")
    admin.get_by_role("link", name="Version 1").click()
    expect(admin.get_by_text("What version 2 does differently")).to_be_visible()
    admin.get_by_role("link", name="Publish it again").click()
    admin.get_by_role("button", name="Publish").click()
    expect(admin.get_by_text("Version 3 is published.")).to_be_visible()


def test_a_flow_rests_goes_on_and_is_switched_off(admin: Page, live: Live, reminder: str, shoot: Shoot) -> None:
    admin.goto(reminder)
    admin.get_by_role("link", name="Pause").click()
    shoot("flow-pause")
    admin.get_by_role("button", name="Let it pause").click()
    expect(admin.locator(".cdp-head").get_by_text("paused", exact=True)).to_be_visible()
    admin.get_by_role("link", name="Let it go on").click()
    shoot("flow-resume")
    admin.get_by_text("Everybody waits on as long as was left").click()
    admin.get_by_role("button", name="Let it go on").click()
    expect(admin.locator(".cdp-head")).to_be_visible()
    live.manage("rqworker", "default", "--burst")
    admin.goto(reminder)
    expect(admin.locator(".cdp-head").get_by_text("on", exact=True)).to_be_visible()
    admin.get_by_role("link", name="Switch off").click()
    admin.get_by_role("button", name="Switch it off").click()
    expect(admin.locator(".cdp-head").get_by_text("off", exact=True)).to_be_visible()
    admin.get_by_role("link", name="Switch on").click()
    admin.get_by_role("button", name="Switch it on").click()
    expect(admin.get_by_text("is on: people enter.")).to_be_visible()


def test_who_waits_is_found_looked_at_and_ended(admin: Page, live: Live, reminder: str, shoot: Shoot) -> None:
    admin.goto(reminder)
    admin.get_by_role("link", name="Who is inside").click()
    expect(admin.locator("#result_list tbody tr")).to_have_count(12)
    expect(admin.get_by_text(re.compile("go on in the next 24 hours"))).to_be_visible()
    expect(admin.locator(".cdp-due canvas")).to_be_visible()
    shoot("runs")
    admin.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    expect(admin.get_by_role("heading", name=re.compile(" in Reminder"))).to_be_visible()
    shoot("run")
    admin.get_by_role("button", name="Take them out").click()
    expect(admin.get_by_text("1 run was taken out.")).to_be_visible()

    admin.goto(reminder)
    assert [run["status"] for run in runs_of(live, admin)].count(5) == 1
    admin.get_by_role("link", name="Who is inside").click()
    expect(admin.locator("#result_list tbody tr")).to_have_count(11)
    for place in (0, 1):
        admin.locator("#result_list tbody input[type=checkbox]").nth(place).check(force=True)
    admin.locator("select[name=action]").select_option("cancel", force=True)
    admin.locator("select[name=action]").dispatch_event("change")
    admin.locator("[name=index]:visible").first.click()
    expect(admin.get_by_text("2 people", exact=True)).to_be_visible()
    shoot("runs-asked")
    admin.get_by_role("button", name="Take them out").click()
    expect(admin.get_by_text("2 runs were taken out.")).to_be_visible()


def test_a_draft_is_tried_on_a_page_of_its_own(admin: Page, reminder: str, shoot: Shoot) -> None:
    admin.goto(reminder)
    admin.get_by_role("link", name="Try it out").click()
    admin.get_by_role("button", name="Try it", exact=True).click()
    expect(admin.get_by_role("heading", name="It would be so")).to_be_visible()
    expect(admin.get_by_role("row", name=re.compile("An hour")).first).to_be_visible()
    shoot("flow-tried")


def test_somebody_enters_by_hand_and_a_segment_after_a_look(
    admin: Page, live: Live, reminder: str, shoot: Shoot
) -> None:
    admin.goto(reminder)
    n_before = len(runs_of(live, admin))
    admin.get_by_role("link", name="Start by hand").click()
    admin.locator("[name=person]").fill("nobody@example.com")
    admin.get_by_role("button", name="Go on").click()
    expect(admin.get_by_text("Nobody goes by this.")).to_be_visible()
    someone = live.rows("SELECT id FROM profiles_profile WHERE NOT is_anonymous ORDER BY id DESC LIMIT 1")[0]["id"]
    admin.locator("[name=person]").fill(str(someone))
    admin.get_by_role("button", name="Go on").click()
    expect(admin.get_by_text("They have entered.")).to_be_visible()
    admin.goto(reminder)
    assert len(runs_of(live, admin)) == n_before + 1

    admin.get_by_role("link", name="Start by hand").click()
    admin.locator("[name=segment]").select_option("may-be-written-to")
    admin.get_by_role("button", name="Go on").click()
    expect(admin.get_by_text("were in the flow before")).to_be_visible()
    shoot("flow-start")
    admin.get_by_role("button", name="Let them enter").click()
    expect(admin).to_have_url(re.compile("/core/task/"))


def test_a_flow_is_exported_brought_back_and_deleted(
    admin: Page, live: Live, reminder: str, tmp_path: Path, shoot: Shoot
) -> None:
    admin.goto(reminder)
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Export", exact=True).click()
    file = tmp_path / "brought.flow.json"
    found = json.loads(Path(download.value.path()).read_text())
    file.write_text(json.dumps({**found, "key": "brought-here", "name": "Brought here"}))

    admin.goto(f"{live.address}{LIST}")
    shoot("flows")
    admin.get_by_role("link", name="Import").click()
    admin.locator("[name=file]").set_input_files(file)
    admin.get_by_role("button", name="Import").click()
    expect(admin.get_by_text("Brought here is here, as a draft.")).to_be_visible()
    admin.get_by_role("navigation", name="Where you are").get_by_role("link", name="Brought here").click()

    admin.get_by_role("link", name="Delete").click()
    admin.locator(".cdp-question [name=name]").fill("Brought here")
    admin.locator(".cdp-question .cdp-danger").click()
    expect(admin).to_have_url(re.compile(f"{LIST}$"))
    live.manage("rqworker", "default", "--burst")
    assert live.rows("SELECT FROM flows_flow WHERE key = 'brought-here'") == []
