"""The page of the editor in a real browser: its policy keeps away nothing that it needs; it looks like the admin."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.chromium import comes_true
from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

LIST = "/admin/flows/flow/"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def is_away(route: Route) -> None:
    """Answer as no server of ours would, so that the page stays as it is before a flow is there."""
    route.fulfill(json={})


def test_a_flow_leads_to_where_it_is_drawn_and_the_page_follows_the_theme(
    admin: Page, live: Live, shoot: Callable[[str], None]
) -> None:
    admin.route("**/api/**", is_away)
    admin.goto(f"{live.address}{LIST}")
    admin.locator("#result_list").get_by_role("link", name="Draw", exact=True).first.click()
    expect(admin).to_have_url(re.compile(r"/editor/$"))
    expect(admin.locator("#flow-editor > *")).not_to_have_count(0)
    expect(admin.get_by_role("alert")).to_be_visible()
    light = admin.evaluate(BACKGROUND)
    shoot("editor-page")

    admin.evaluate("localStorage.setItem('adminTheme', JSON.stringify('dark'))")
    admin.reload()
    expect(admin.locator("html")).to_have_class(re.compile("dark"))
    assert admin.evaluate(BACKGROUND) != light
    height = admin.locator("#flow-editor").evaluate("place => place.getBoundingClientRect().bottom")
    assert height == admin.evaluate("innerHeight")

    admin.get_by_role("navigation", name="Where you are").get_by_role("link", name="As text").click()
    expect(admin.locator("[name=draft]")).to_be_visible()


# As the editor puts it there, and notes what it tells.
PUT = """() => {
    const element = document.createElement("cdp-condition")
    element.setAttribute("language", "flow-steps")
    element.setAttribute("label", "Who goes on")
    element.value = "profile@visits.count > 1"
    window.told = []
    for (const type of ["input", "change"])
        element.addEventListener(type, ({ detail }) => told.push([type, detail.value]))
    document.querySelector("#flow-editor").replaceChildren(element)
}"""


def told(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate("told.splice(0)")
    return found


def test_conditions_are_clicked_together_in_the_editor_as_elsewhere(
    admin: Page, live: Live, shoot: Callable[[str], None]
) -> None:
    admin.route("**/api/**", is_away)
    admin.goto(f"{live.address}{LIST}")
    admin.locator("#result_list").get_by_role("link", name="Draw", exact=True).first.click()
    expect(admin.get_by_role("alert")).to_be_visible()
    admin.evaluate(PUT)
    element = admin.get_by_role("group", name="Who goes on")
    text, rows = element.get_by_label("The same as text"), element.locator(".cdp-row")
    expect(rows).to_have_count(1)
    assert told(admin) == [["change", "profile@visits.count > 1"]]

    # What is clicked becomes text, what is typed becomes rows; both are told.
    element.get_by_label("Value", exact=True).fill("5")
    expect(text).to_have_value("profile@visits.count > 5")
    comes_true(admin, "told.length === 2")
    assert told(admin) == [["input", "profile@visits.count > 5"], ["change", "profile@visits.count > 5"]]
    text.press("End")
    text.press_sequentially(" AND memory@order EXISTS")
    expect(rows).to_have_count(2)
    both = "profile@visits.count > 5 AND memory@order EXISTS"
    assert [each for each in told(admin) if each[1] == both] == [["input", both], ["change", both]]
    shoot("editor-condition")

    # A mistake is told in place.
    text.fill("profile@visitz.count > 5")
    expect(element.locator(".cdp-problem").last).to_contain_text("There is no field profile@visitz.count.")
    assert told(admin) == [["input", "profile@visitz.count > 5"]]
    assert admin.evaluate("document.querySelector('cdp-condition').problem.suggestion") == "profile@visits.count"

    # What the editor puts there is drawn, and not told back as if somebody had typed it.
    admin.evaluate("document.querySelector('cdp-condition').value = 'session@channel = \"web\"'")
    expect(rows).to_have_count(1)
    expect(element.get_by_label("Field", exact=True)).to_have_value("session@channel")
    assert told(admin) == [["change", 'session@channel = "web"']]

    # To look at only.
    admin.evaluate("document.querySelector('cdp-condition').disabled = true")
    expect(text).to_have_js_property("readOnly", value=True)
    assert element.locator(".cdp-builder").evaluate("place => place.inert")


# A flow that asks on its way, as a trigger lets in, and as an exit lets out.
ASKS: dict[str, Any] = {
    "triggers": [{"id": "t1", "kind": "event", "event_type": "page-view", "condition": "profile@visits.count > 1"}],
    "exits": [{"event_type": "sale-completed", "condition": "event@properties.order = memory@order"}],
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "often", "kind": "condition", "settings": {"condition": "profile@visits.count > 1"}},
        {"id": "end", "kind": "end"},
    ],
    "edges": [{"from": "start", "to": "often"}, {"from": "often", "port": "true", "to": "end"}],
}
MAKE = """
import json
from django.utils import timezone
from apps.core.audit import COMMAND
from apps.flows.changing import publishing
from apps.flows.models import Flow
row = Flow(key="asks", name="Asks", draft=json.loads(%r))
publishing.save(row, revision=0, is_unfinished=False, actor=COMMAND, now=timezone.now())
"""


def test_a_condition_of_a_node_is_clicked_together_saved_and_undone(
    admin: Page, live: Live, shoot: Callable[[str], None]
) -> None:
    live.manage("shell", "--no-imports", "-c", MAKE % json.dumps(ASKS))

    def saved() -> str:
        (row,) = live.rows("SELECT draft FROM flows_flow WHERE key = 'asks'")
        (node,) = (each for each in row["draft"]["nodes"] if each["id"] == "often")
        return str(node["settings"]["condition"])

    (row,) = live.rows("SELECT id FROM flows_flow WHERE key = 'asks'")
    admin.goto(f"{live.address}{LIST}{row['id']}/editor/")
    admin.locator("[data-id=often]").click()
    form = admin.get_by_role("region", name="Form of what is selected")
    element = form.locator("cdp-condition")
    expect(element.locator(".cdp-row")).to_have_count(1)
    element.get_by_label("Value", exact=True).fill("5")
    expect(element.get_by_label("The same as text")).to_have_value("profile@visits.count > 5")
    wait_for(lambda: saved() == "profile@visits.count > 5", "the draft")
    shoot("editor-condition-of-node")

    # One gesture, however many letters it took.
    pane = admin.locator(".react-flow__pane")
    pane.click(position={"x": 5, "y": 300})
    admin.keyboard.press("Control+z")
    wait_for(lambda: saved() == "profile@visits.count > 1", "the draft of before")

    # Triggers and exits ask of less: nobody has a past there.
    pane.click(position={"x": 5, "y": 300})
    expect(admin.locator("cdp-condition[language=flow-entry] .cdp-row")).to_have_count(1)
    expect(admin.locator("cdp-condition[language=flow-rules] .cdp-row")).to_have_count(1)
    expect(admin.get_by_role("button", name="+ Events")).to_have_count(0)
    shoot("editor-condition-of-flow")
