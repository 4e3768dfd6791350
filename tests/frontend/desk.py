"""The editor of flows as people use it who share a flow: what it says of how their draft stands, and what they do."""

import re

from playwright.sync_api import expect

from tests.frontend.drawing_board import DrawingBoard

# A request that is only held is let go as its page goes, and may be heard after all.
UNPLUG = """
const go = window.fetch
window.fetch = (what, how) => how?.method === "PATCH" ? Promise.reject(new TypeError("Away")) : go(what, how)
"""


class Desk(DrawingBoard):
    """A tab in which somebody draws."""

    def says(self, text: str) -> None:
        """Wait until it is said how the draft stands."""
        expect(self.page.locator(".save-status")).to_contain_text(text)

    def press(self, name: str) -> None:
        """Press a button beside that."""
        self.page.locator(".save-status").get_by_role("button", name=name).click()

    def go_on(self, name: str = "Try now") -> None:
        """Do not wait until what could not be saved is tried by itself; which may be just now."""
        shown = self.page.locator(".save-status").get_by_role("button", name=name)
        shown.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")

    def looks_away(self) -> None:
        """Hear of what others have saved only as one saves: a look by the clock may come at any moment."""
        self.page.route("**/revision", lambda route: route.abort())

    def has(self, label: str, value: str) -> None:
        """Wait until a field of the form on the right says something."""
        expect(self.side.get_by_label(label, exact=True)).to_have_value(value)

    def choose(self, which: str) -> list[str]:
        """Choose between what both have made of it, and return the lines in which it was asked."""
        self.press("Choose")
        dialog = self.page.get_by_role("dialog")
        asked = [line for line in dialog.inner_text().splitlines() if line]
        dialog.get_by_role("radio", name=re.compile(which)).check()
        dialog.get_by_role("button", name="Save what I have chosen").click()
        self.is_saved()
        return asked

    def reload(self, title: str) -> None:
        """Load the page anew, and select a node."""
        self.page.reload()
        self.select(title)

    def unplug(self) -> None:
        """Let nothing be saved by this tab from now on, not even as it is closed."""
        self.page.add_init_script(UNPLUG)
        self.page.evaluate(UNPLUG)

    def looks_up(self) -> None:
        """Look at the page again after a while."""
        self.page.evaluate("window.dispatchEvent(new Event('focus'))")
