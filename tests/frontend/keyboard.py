"""The editor of flows as people use it who have no mouse."""

import re
from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 150  # whoever presses a key that often has lost their way
HAS_FOCUS = "(found) => found.some((each) => each === document.activeElement)"
HOLDS_FOCUS = "(found) => found.some((each) => each.contains(document.activeElement))"
CHOSEN = "(select) => select.selectedOptions[0].label"


class Keyboard:
    """Whoever presses keys, and looks where they are by what has the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas = page.get_by_role("application", name=re.compile("^Drawing of the flow"))
        self.side = page.get_by_role("complementary", name="Details")
        self.offered = page.get_by_role("dialog").get_by_role("listbox").get_by_role("option", selected=True)

    def press(self, *keys: str) -> None:
        """Press some keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def go_to(self, place: Locator, *, key: str = "Tab") -> None:
        """Press a key until something has the focus: Tab goes on, Shift+Tab back."""
        place.first.wait_for()
        for _ in range(MOST_TABS):
            if place.evaluate_all(HAS_FOCUS):
                return
            self.press(key)
        raise AssertionError(f"{key} does not lead to {place}, but to {self.page.locator(':focus').aria_snapshot()}")

    def go_into(self, region: Locator) -> None:
        """Press F6 until the focus is in a part of the page."""
        for _ in range(8):
            if region.evaluate_all(HOLDS_FOCUS):
                return
            self.press("F6")
        raise AssertionError(f"F6 does not lead into {region}")

    def do(self, place: Locator, *, key: str = "Tab") -> None:
        """Go to a button, and press it."""
        self.go_to(place, key=key)
        self.press("Enter")

    def write(self, text: str) -> None:
        """Write into the field that one is in, in place of what it says; what is offered there is not taken."""
        self.press("Control+a")
        self.page.keyboard.type(text)
        if self.page.locator(":focus[role=combobox][aria-expanded=true]").count():
            self.press("Escape")
        expect(self.page.locator(":focus")).to_have_value(text)

    def fill(self, values: Mapping[str, str]) -> None:
        """Write into fields of the form on the right, by their labels, as they follow each other."""
        for label, value in values.items():
            self.go_to(self.side.get_by_label(label, exact=True))
            self.write(value)

    def choose(self, place: Locator, option: str, *, key: str = "Tab") -> None:
        """Choose an option of a list that is not opened."""
        self.go_to(place, key=key)
        self.press("Home")
        for _ in range(place.locator("option").count()):
            if place.evaluate(CHOSEN) == option:
                return
            self.press("ArrowDown")
        assert place.evaluate(CHOSEN) == option

    def command(self, title: str) -> None:
        """Find a command in the list of all, and give it."""
        self.press("Control+k")
        expect(self.page.get_by_role("combobox", name="Find a command")).to_be_focused()
        self.page.keyboard.type(title)
        expect(self.offered.locator("span")).to_have_text(title)
        self.press("Enter")
        expect(self.page.get_by_role("dialog", name="All commands")).to_have_count(0)

    def enter(self, mode: str) -> None:
        """Go over to drawing, trying, what is live, or the versions."""
        self.command(mode)
        expect(self.canvas if mode == "Draw" else self.side).to_be_focused()

    def find(self, title: str) -> None:
        """Go to a node on the drawing by its name."""
        self.press("Control+f")
        expect(self.page.get_by_role("searchbox", name="Find in the flow")).to_be_focused()
        self.write(title)
        self.press("Enter")
        self.heard(f"1 of 1: {title}")
        self.press("Escape")
        expect(self.canvas).to_be_focused()

    def add_behind_current(self, kind: str) -> None:
        """Add a node behind that, or behind the port, on which one is."""
        expect(self.canvas).to_be_focused()
        self.press("Tab")
        expect(self.page.get_by_role("combobox", name="Find a node")).to_be_focused()
        self.page.keyboard.type(kind)
        expect(self.offered).to_have_text(kind)
        self.press("Enter")
        self.heard(f"Added: {kind}")
        expect(self.canvas).to_be_focused()

    def turn_to_port(self, port: str) -> None:
        """Go to a port of the node on which one is."""
        expect(self.page.locator(".card[data-current]").get_by_text(port, exact=True)).to_be_visible()
        said = self.page.get_by_role("status").filter(has_text=f"Port {port}:")
        for _ in range(10):
            if said.count():
                return
            self.press("p")
        raise AssertionError(f"P does not lead to the port {port}")

    def connect_port(self, port: str, to: str) -> None:
        """Connect a port of the node on which one is with another node."""
        self.turn_to_port(port)
        self.press("Enter")
        expect(self.page.get_by_role("combobox", name="Find a node to connect with")).to_be_focused()
        self.page.keyboard.type(to)
        expect(self.offered).to_have_text(to)
        self.press("Enter")
        self.heard("Connected")
        expect(self.canvas).to_be_focused()

    def open_form(self) -> None:
        """Go into the form of the node on which one is."""
        self.press("Enter")
        expect(self.side.get_by_role("region", name="Form of what is selected")).to_be_focused()

    def leave_form(self) -> None:
        """Go back to the drawing."""
        self.press("Escape")
        expect(self.canvas).to_be_focused()

    def confirm(self, note: str, *, people: str = "") -> None:
        """Publish what the dialog asks about; where some are inside, say what becomes of them."""
        dialog = self.page.get_by_role("dialog")
        note_field = dialog.get_by_label("What has changed")
        note_field.wait_for()
        if people:
            self.go_to(dialog.get_by_role("radio").first)
            self.press("Space")
            while not dialog.get_by_role("radio", name=people).is_checked():
                self.press("ArrowDown")
        self.go_to(note_field)
        self.write(note)
        self.press("Enter")
        expect(dialog).to_have_count(0)

    def heard(self, said: str) -> None:
        """Wait until a screen reader says something."""
        expect(self.page.get_by_role("status").filter(has_text=said)).to_be_attached()
