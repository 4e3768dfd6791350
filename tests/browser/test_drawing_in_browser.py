"""What people draw, with the mouse, by key and from the list: each gesture is saved, and is one step of undo."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.drawing_board import DrawingBoard
from tests.live import Live, wait_for

pytestmark = pytest.mark.xdist_group("live")

DRAFT: dict[str, Any] = {
    "triggers": [{"id": "t", "kind": "manual"}],
    "nodes": [
        {"id": "start", "kind": "start", "position": {"x": 0, "y": 0}},
        {
            "id": "hour",
            "kind": "wait",
            "name": "An hour",
            "settings": {"length": "1 hour"},
            "position": {"x": 0, "y": 140},
        },
        {
            "id": "asks",
            "kind": "condition",
            "name": "Often here?",
            "settings": {"condition": "profile@visits.count > 1"},
            "position": {"x": 0, "y": 290},
        },
        {"id": "tag", "kind": "add-tag", "name": "Tag", "settings": {"tag": "a"}, "position": {"x": -180, "y": 440}},
        {
            "id": "day",
            "kind": "wait",
            "name": "A day",
            "settings": {"length": "1 day"},
            "position": {"x": 180, "y": 440},
        },
        {"id": "end", "kind": "end", "position": {"x": 0, "y": 600}},
    ],
    "edges": [
        {"from": "start", "to": "hour"},
        {"from": "hour", "to": "asks"},
        {"from": "asks", "port": "true", "to": "tag"},
        {"from": "asks", "port": "false", "to": "day"},
        {"from": "tag", "to": "end"},
        {"from": "day", "to": "end"},
    ],
}


class Drawing(DrawingBoard):
    """The flow in the editor, and as it is stored."""

    def __init__(self, page: Page, live: Live, key: str) -> None:
        super().__init__(page)
        self.live, self.key = live, key
        self.first = self.stored
        (row,) = live.rows("SELECT id FROM flows_flow WHERE key = %s", key)
        page.goto(f"{live.address}/admin/flows/flow/{row['id']}/editor/")
        expect(page.locator(".card, .outline-row")).to_have_count(len(DRAFT["nodes"]))

    @property
    def stored(self) -> dict[str, Any]:
        """Return the draft."""
        (row,) = self.live.rows("SELECT draft FROM flows_flow WHERE key = %s", self.key)
        found: dict[str, Any] = row["draft"]
        return found

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def says(self, words: str) -> None:
        """Wait until those who do not see it are told."""
        expect(self.page.locator("p.unseen[role=status]")).to_have_text(words)

    def undo_all(self, n: int) -> None:
        """Undo as many steps as were made: then all is as it was."""
        for _ in range(n):
            self.page.get_by_role("button", name="Undo").click()
        expect(self.page.get_by_role("button", name="Undo")).to_be_disabled()
        wait_for(lambda: self.stored == self.first, "the draft as it was")


@pytest.fixture
def begin(admin: Page, live: Live, request: pytest.FixtureRequest) -> Callable[[], Drawing]:
    """Make a flow, and open it in the editor."""

    def made() -> Drawing:
        admin.goto(f"{live.address}/admin/flows/flow/")
        key = request.node.name.removeprefix("test_").replace("_", "-")[:60]
        (token,) = (each["value"] for each in admin.context.cookies() if "csrf" in each["name"])
        body = {"key": key, "name": key, "draft": DRAFT}
        headers = {"X-CSRFToken": token, "Referer": admin.url}
        assert admin.request.post(f"{live.address}/api/flows", data=body, headers=headers).status == 201
        return Drawing(admin, live, key)

    return made


def test_groups_and_notes_are_made_moved_and_changed_with_the_mouse(
    begin: Callable[[], Drawing], shoot: Callable[[str], None]
) -> None:
    drawing = begin()
    page = drawing.page
    frame, note = page.locator(".frame"), page.locator(".note")
    drawing.select("Tag")
    drawing.card("A day").click(modifiers=["Shift"])
    drawing.card("A day").click(button="right", position={"x": 100, "y": 14})
    page.get_by_role("menuitem", name="Group").first.click()
    page.get_by_label("Name of the group").fill("Who pays")
    page.keyboard.press("Enter")
    head = drawing.box(frame.locator(".frame-head"))
    drawing.drag((head["x"] + 20, head["y"] + 10), (head["x"] + 120, head["y"] + 60))
    drawing.says("Named: Who pays")

    # What is dragged over the frame belongs to it.
    end, inside = drawing.box(drawing.card("End")), drawing.box(frame)
    into = (inside["x"] + inside["width"] / 2 - 60, inside["y"] + inside["height"] / 2)
    drawing.drag((end["x"] + 50, end["y"] + 14), into)
    expect(frame).to_have_attribute("aria-label", "Who pays, 3 nodes")

    page.locator(".react-flow__pane").click(button="right", position={"x": 540, "y": 80})
    page.get_by_role("menuitem", name="Write a note").click()
    page.get_by_label("Text of the note").fill("# Why\n- as **Anna** says")
    page.locator(".react-flow__pane").click(position={"x": 40, "y": 60})
    expect(note.get_by_role("heading", name="Why")).to_be_visible()
    note.click()
    drawing.side.get_by_label("green").check()
    drawing.side.get_by_label("Width").fill("300")
    shoot("drawing-groups-and-notes")
    drawing.is_saved()
    (kept,), (group,) = drawing.stored["notes"], drawing.stored["groups"]
    assert (kept["text"], kept["color"], kept["size"]["width"]) == ("# Why\n- as **Anna** says", "green", 300)
    assert (group["name"], sorted(group["nodes"])) == ("Who pays", ["day", "end", "tag"])
    # Group, name, move, move into it; add, write, colour and size the note.
    drawing.undo_all(8)


def test_the_same_is_done_by_key(begin: Callable[[], Drawing]) -> None:
    drawing = begin()
    page = drawing.page
    page.locator(".canvas").focus()
    drawing.press("Home", "ArrowDown", "Shift+ArrowDown", "g")
    page.keyboard.type("First")
    drawing.press("Enter", "Control+ArrowRight", "Control+ArrowRight", "n")
    page.keyboard.type("Ask Anna")
    drawing.press("Control+Enter", "Shift+G", "F2")
    page.keyboard.type("Second")
    drawing.press("Enter", "Home", "ArrowDown", "d")
    drawing.says("Disabled: An hour")
    drawing.press("Tab")
    page.keyboard.type("add or remove a tag")
    drawing.press("Enter")
    drawing.says("Added: Add or remove a tag behind An hour")
    drawing.press("Shift+N", "Delete")
    drawing.says("Deleted: 1 note")
    drawing.is_saved()
    nodes = {node["id"]: node for node in drawing.stored["nodes"]}
    assert nodes["hour"]["is_disabled"]
    assert nodes["hour"]["position"]["x"] == 20
    (group,) = drawing.stored["groups"]
    assert group["name"] == "Second"
    assert len(group["nodes"]) == 3
    assert not drawing.stored["notes"]
    # Group, name, move; add and write a note, name, disable, add, delete the note.
    drawing.undo_all(9)


def test_connections_are_checked_as_they_are_drawn(begin: Callable[[], Drawing]) -> None:
    drawing = begin()
    page = drawing.page
    drawing.connect("Tag", "error", "Often here?")
    drawing.says("People would go in a circle without end: let them wait on the way.")
    drawing.connect("Often here?", "error", "End")
    drawing.says("Connected: Often here? with End")
    drawing.drag_onto_edge("Wait", "hour.out -> asks")
    drawing.says("Added: Wait")
    # In the middle of an edge is a plus as long as the pointer is there.
    point, canvas = drawing.middle_of_edge("start.out -> hour"), page.locator(".canvas")
    canvas.hover(position=point, force=True)
    canvas.click(position=point, force=True)
    page.get_by_role("combobox", name="Find a node").fill("is new")
    page.keyboard.press("Enter")
    drawing.says("Added: Is new")
    drawing.undo_all(3)


def test_a_part_becomes_a_sub_flow(begin: Callable[[], Drawing], live: Live) -> None:
    drawing = begin()
    page = drawing.page
    drawing.select("Tag")
    drawing.press("ArrowUp", "Alt+x")
    drawing.says("People go on to “Tag” and “A day”: let all go on to one node, or none.")
    drawing.select("A day")
    drawing.press("Alt+x")
    page.get_by_label("Name", exact=True).last.fill("Remind them")
    page.keyboard.press("Enter")
    drawing.says("Made: the sub-flow Remind them. Publish it, and switch it on, before this one.")
    drawing.is_saved()
    (node,) = (each for each in drawing.stored["nodes"] if each["kind"] == "sub-flow")
    assert node["settings"] == {"flow": "remind-them"}
    (made,) = live.rows("SELECT draft FROM flows_flow WHERE key = 'remind-them'")
    assert [each["kind"] for each in made["draft"]["nodes"]] == ["start", "wait", "end"]
    drawing.undo_all(1)


def test_copies_go_from_one_flow_into_another_as_text(begin: Callable[[], Drawing]) -> None:
    drawing = begin()
    page = drawing.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drawing.select("Tag")
    drawing.card("A day").click(modifiers=["Shift"])
    drawing.press("Control+c")
    drawing.says("Copied: 2 nodes")
    text = page.evaluate("navigator.clipboard.readText()")
    assert '"format": "cdp-flow-nodes-1"' in text
    page.evaluate("text => navigator.clipboard.writeText(text.replaceAll('A day', 'Two days'))", text)
    drawing.press("Control+v")
    drawing.says("Paste: 2 nodes")
    expect(drawing.card("Two days")).to_be_visible()
    drawing.undo_all(1)


def test_the_list_has_what_the_drawing_has_and_small_windows_begin_with_it(
    begin: Callable[[], Drawing], admin: Page, shoot: Callable[[str], None]
) -> None:
    admin.set_viewport_size({"width": 400, "height": 800})
    drawing = begin()
    page = drawing.page
    grid = page.get_by_role("grid")
    grid.focus()
    drawing.press("Home", "ArrowDown", "ArrowDown")
    expect(grid).to_have_attribute("aria-activedescendant", "row-asks")
    row = page.get_by_role("row", name="Condition “Often here?”, Step 3")
    expect(row).to_have_attribute("aria-selected", "true")
    words = (
        "Condition “Often here?”, Step 3 of 5; condition “profile@visits.count > 1”; true → Add or remove a tag “Tag”"
    )
    expect(row).to_have_attribute("aria-label", f"{words}; false → Wait “A day”; error → nothing, the way ends")
    shoot("drawing-small")

    # By key, and by touch.
    drawing.press("ArrowRight", "d")
    drawing.says("Disabled: Tag")
    drawing.press("a")
    page.keyboard.type("wait")
    drawing.press("Enter")
    drawing.says("Added: Wait behind Tag")
    page.get_by_role("button", name="Add a node behind error of Often here?").click()
    page.get_by_role("combobox", name="Find a node").fill("end")
    page.keyboard.press("Enter")
    drawing.says("Added: End behind Often here?")
    page.get_by_role("button", name="Delete the connection out to An hour").click()
    drawing.says("Deleted: 1 connection")
    drawing.fill({"Name": "Never"})
    drawing.is_saved()
    assert "Never" in {node.get("name") for node in drawing.stored["nodes"]}
    # What is wrong is told in the list, too.
    expect(page.get_by_role("row", name="Nobody comes here").first).to_be_visible()
    drawing.undo_all(5)


def test_keys_are_told_and_things_are_found_from_anywhere(begin: Callable[[], Drawing]) -> None:
    drawing = begin()
    page = drawing.page
    drawing.select("Tag")
    drawing.side.get_by_label("Name").focus()
    drawing.press("F1")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Disable, or enable")
    drawing.press("Escape")
    expect(drawing.side.get_by_label("Name")).to_be_focused()
    drawing.press("Escape", "Control+f")
    page.keyboard.type("a day")
    drawing.press("Enter", "Escape")
    expect(page.locator(".canvas")).to_have_attribute("aria-activedescendant", "card-day")
    drawing.press("Control+k")
    page.keyboard.type("lay out")
    drawing.press("Enter")
    drawing.says("Laid out")
    drawing.undo_all(1)
