"""No state of the editor has a serious fault by axe: light, dark, and in a small window."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, StorageState, expect

from cdp.processes import BASE_DIR
from tests.chromium import new_window
from tests.flows.nodes.documents import flow
from tests.frontend.drawing_board import DrawingBoard
from tests.live import wait_for
from tests.stories.doors import LiveDoors, letter, on_event

pytestmark = [pytest.mark.xdist_group("editor"), pytest.mark.timeout(300)]

AXE = BASE_DIR / "tests/clients/node_modules/axe-core/axe.min.js"
FAULTS = """async () => {
    const { violations } = await axe.run({ iframes: false, resultTypes: ["violations"] })
    const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    return serious.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`))
}"""
KEY = "letters"
FLOW = f"**/api/flows/{KEY}"
TRIAL = {"profile": {"name": "Anna"}, "event": {"type": "page-view", "properties": {"order_id": "A-1"}}}
DRAWING = {
    "notes": [{"id": "why", "text": "# Why\n- They **forget**", "position": {"x": 400, "y": 0}}],
    "groups": [{"id": "mails", "name": "Mails", "nodes": ["mail"]}],
}


def draft(subject: str) -> dict[str, Any]:
    """A flow with a note, a group, a condition and a template."""
    nodes = {
        "start": "start",
        "waits": ("wait-for-event", {"awaits": "sale-completed", "match": {"properties.order_id": "event@id"}}),
        "loyal": ("condition", {"condition": "profile@visits.count > 1"}),
        "mail": letter(subject),
        "end": "end",
    }
    ways = ("start -> waits", "waits -> loyal", "loyal.true -> mail", "mail -> end")
    return flow(nodes, *ways, triggers=on_event("checkout-started"), **DRAWING)


def saved_by_another(studio: LiveDoors, subject: str) -> None:
    """Save a draft with another subject."""
    revision = studio.api("get", f"flows/{KEY}")["draft_revision"]
    studio.api("patch", f"flows/{KEY}", {"draft": draft(subject), "revision": revision})


@pytest.fixture(scope="module")
def letters(studio: LiveDoors) -> str:
    """A flow in which somebody is, with a case, and a draft that says something else; return its address."""
    studio.mails_by(25, "Shop mail")
    studio.publish(KEY, draft("Your cart"))
    saved_by_another(studio, "Still yours")
    studio.api("post", f"flows/{KEY}/cases", {"name": "Anna waits", "trial": TRIAL, "expected": {"path": ["start"]}})
    studio.sign_in("zoe")
    studio.track("checkout-started", session="zoe")
    wait_for(lambda: studio.runs(KEY), "a run")
    (row,) = studio.live.rows("SELECT id FROM flows_flow WHERE key = %s", KEY)
    return f"{studio.live.address}/admin/flows/flow/{row['id']}/editor/"


class Inspection:
    """What axe finds in each state of a page."""

    def __init__(self, page: Page) -> None:
        self.page, self.board = page, DrawingBoard(page)
        self.found: dict[str, list[str]] = {}
        page.evaluate(AXE.read_text())

    def look(self, state: str) -> None:
        """Let axe look at what is shown."""
        faults = self.page.evaluate(FAULTS)
        if faults:
            self.found[state] = faults

    def select(self, title: str) -> None:
        """Go to a node by its name, on the drawing or in the list."""
        self.press("Control+f")
        self.page.get_by_role("searchbox", name="Find in the flow").fill(title)
        self.press("Enter", "Escape")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def unfold(self, details: str) -> None:
        """Open all that is folded on the right."""
        folded = self.board.side.locator(f"{details}:not([open]) > summary")
        while folded.count():
            folded.first.click()

    def overlay(self, state: str, key: str, role: Any, name: str) -> None:
        """Look at what a key opens, and close it."""
        opened = self.page.get_by_role(role, name=name)
        self.press(key)
        opened.wait_for()
        self.look(state)
        self.press("Escape")
        expect(opened).to_have_count(0)


@pytest.fixture(params=["light", "dark", "small"])
def inspection(
    request: pytest.FixtureRequest, browser: Browser, studio: LiveDoors, signed_in: StorageState, letters: str
) -> Iterator[Inspection]:
    """The editor, once it has loaded a flow; its console is not listened to, as a conflict is shown there in red."""
    saved_by_another(studio, "Still yours")
    size = {"width": 400 if request.param == "small" else 1440, "height": 900}
    theme = "dark" if request.param == "dark" else "light"
    with new_window(browser, storage_state=signed_in, viewport=size) as window:
        window.add_init_script(f"localStorage.setItem('adminTheme', JSON.stringify('{theme}'))")
        page = window.new_page()
        page.route(FLOW, lambda route: None)
        page.goto(letters)
        page.get_by_text("Loading the flow").wait_for()
        inspection = Inspection(page)
        inspection.look("opening")
        page.unroute(FLOW)  # what is held goes on
        inspection.board.is_saved()
        yield inspection


def test_no_state_has_a_serious_fault(inspection: Inspection, studio: LiveDoors) -> None:
    drawing(inspection)
    opened(inspection)
    trying(inspection)
    simulating(inspection, studio)
    living(inspection)
    publishing(inspection)
    mistaken(inspection)
    merging(inspection, studio)
    assert not inspection.found, "\n".join(
        f"{state}: {fault}" for state, faults in inspection.found.items() for fault in faults
    )


def drawing(here: Inspection) -> None:
    """Look at the drawing, the list, and each form."""
    here.look("the flow")
    here.page.get_by_role("button", name="List", exact=True).click()
    here.look("the other view")
    here.page.get_by_role("button", name="List", exact=True).click()
    for title in ("Start", "Wait for an event", "Condition", "E-mail", "End"):
        here.select(title)
        here.unfold("details")
        expect(here.board.side.locator(".cdp-condition:not(.cdp-ready)")).to_have_count(0)
        here.look(f"the form of {title}")
    here.press("Escape", "Shift+G")
    here.board.side.get_by_role("button", name="Ungroup").wait_for()
    here.look("the form of a group")
    here.press("Shift+N")
    here.board.side.get_by_label("Height").wait_for()
    here.look("the form of a note")
    here.press("F2")
    here.look("writing a note")
    here.press("Escape", "Control+a")
    here.look("all selected")


def opened(here: Inspection) -> None:
    """Look at all that opens over the board."""
    here.select("E-mail")
    here.overlay("palette", "a", "dialog", "Add a node")
    here.overlay("connect", "c", "dialog", "Connect E-mail")
    here.overlay("menu", "Shift+F10", "dialog", "Menu")
    here.overlay("commands", "Control+k", "dialog", "All commands")
    here.overlay("help", "F1", "dialog", "Keys")
    here.overlay("search", "Control+f", "search", "")
    here.press("Shift+ArrowDown")
    here.overlay("sub-flow", "Alt+x", "dialog", "Make a sub-flow")
    here.page.get_by_role("button", name="Arrange").click()
    here.look("arrange")
    here.press("Escape")


def trying(here: Inspection) -> None:
    """Look at a trial, with its steps opened, and at cases."""
    here.board.enter("Try")
    here.look("try")
    here.board.side.get_by_role("button", name="Try it").last.click()  # the case
    here.unfold(".steps > li > details")
    here.board.side.get_by_role("button", name="Test all").click()
    here.board.side.get_by_text("fails").wait_for()
    here.look("steps and cases")


def simulating(here: Inspection, studio: LiveDoors) -> None:
    """Look at a simulation, under way and done."""
    here.board.enter("Simulate")
    panel = here.board.side
    panel.get_by_role("button", name="Simulate").click()
    panel.get_by_role("progressbar").wait_for()
    here.look("simulating")
    studio.live.manage("rqworker", "default", "--burst")
    panel.get_by_text("were looked at").wait_for()
    here.unfold("details")
    here.look("simulated")


def living(here: Inspection) -> None:
    """Look at who is where, and at the way of one of them."""
    here.board.enter("Live")
    here.select("Wait for an event")
    people = here.board.side.get_by_role("region", name="Who").get_by_role("listitem")
    expect(people).to_have_count(1)
    here.look("live")
    people.get_by_role("button").click()
    here.board.side.get_by_text("here until").wait_for()
    here.look("a run")


def publishing(here: Inspection) -> None:
    """Look at the versions, and at what is asked before another one is published."""
    here.board.enter("Versions")
    here.board.side.get_by_role("button", name="Version 1").click()
    here.look("versions")
    here.page.get_by_role("button", name="Publish …").click()
    here.page.get_by_role("dialog").get_by_role("radio").first.wait_for()
    here.look("publishing")
    here.press("Escape")


def mistaken(here: Inspection) -> None:
    """Look at problems, of the whole and in a form."""
    here.board.enter("Draw")
    here.select("E-mail")
    here.board.fill({"Connection *": "", "Subject *": ""})
    panel = here.page.get_by_role("region", name="Problems")
    panel.get_by_role("button", name="mistake").click()
    panel.get_by_role("listitem").first.wait_for()
    here.look("problems")
    panel.get_by_role("button").first.click()


def merging(here: Inspection, studio: LiveDoors) -> None:
    """Look at how one chooses where two have changed the same."""

    saved: list[str] = []

    def save_first(route: Route) -> None:
        """Let somebody else save a moment earlier."""
        if route.request.method == "PATCH" and not saved:
            saved.append("What they say")
            saved_by_another(studio, *saved)
        route.continue_()

    here.board.is_saved()
    here.page.route(FLOW, save_first)
    here.board.fill({"Subject *": "What I say"})
    here.page.get_by_role("button", name="Choose", exact=True).click()
    here.page.get_by_role("dialog").get_by_role("radio").first.wait_for()
    here.look("merging")
