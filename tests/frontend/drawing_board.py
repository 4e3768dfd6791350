"""The editor of flows as people use it: with the mouse."""

import re
from collections.abc import Mapping

from playwright.sync_api import FloatRect, Locator, Page, Position, expect

# The middle of a line, as seen from the corner of the canvas.
MIDDLE = """(path) => {
    const middle = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM())
    const { left, top } = path.closest(".canvas").getBoundingClientRect()
    return { x: middle.x - left, y: middle.y - top }
}"""

# Ends once nothing has moved for as many frames as the drawing takes to follow what was changed.
STILL = """() => new Promise((resolve) => {
    let [last, n] = ["", 0]
    const look = () => {
        const places = [...document.querySelectorAll(".react-flow__viewport, .react-flow__node")]
        const now = places.map((each) => each.style.transform).join()
        n = now === last ? n + 1 : 0
        last = now
        n > 10 ? resolve() : requestAnimationFrame(look)
    }
    look()
})"""


class DrawingBoard:
    """What somebody sees of a flow in the editor, and does to it with the mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.side = page.get_by_role("complementary", name="Details")

    def still(self) -> None:
        """Wait until nothing on the drawing moves any more: where something is can be asked then."""
        self.page.evaluate(STILL)

    def box(self, found: Locator) -> FloatRect:
        """Return where on the page something is."""
        self.still()
        box = found.bounding_box()
        assert box, "it cannot be seen"
        return box

    def middle(self, found: Locator) -> tuple[float, float]:
        """Return where on the page the middle of something is."""
        box = self.box(found)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def middle_of_edge(self, edge: str) -> Position:
        """Return where on the canvas the middle of an edge is: `start.out -> end`."""
        drawn = self.page.locator(f'.react-flow__edge[data-id="{edge}"] .react-flow__edge-path')
        drawn.wait_for(state="attached")
        self.still()
        found: Position = drawn.evaluate(MIDDLE)
        return found

    def card(self, title: str) -> Locator:
        """Find the card of a node by its name."""
        return self.page.locator(".card").filter(has=self.page.get_by_text(title, exact=True))

    def is_saved(self) -> None:
        """Wait until the draft is saved, and was checked."""
        expect(self.page.get_by_role("status").filter(has_text="Draft saved")).to_be_visible()

    def has_no_mistakes(self) -> None:
        """Wait until nothing is wrong with the draft; fields that were seen just now may still be doubted."""
        told = re.compile(r"^(No problems|\d+ warnings?)$")
        expect(self.page.get_by_role("region", name="Problems").get_by_role("button", name=told)).to_be_visible()

    def enter(self, mode: str) -> None:
        """Go over to drawing, trying, simulating, what is live, or the versions."""
        self.page.get_by_role("navigation", name="Modes").get_by_role("button", name=mode, exact=True).click()

    def drag_onto_edge(self, kind: str, edge: str) -> None:
        """Drag a node from the palette onto the middle of an edge: `start.out -> end`."""
        offer = self.page.get_by_role("region", name="Nodes").get_by_role("button", name=kind, exact=True)
        canvas = self.page.locator(".canvas")
        offer.drag_to(canvas, target_position=self.middle_of_edge(edge), force=True)

    def add_behind(self, title: str, port: str, kind: str) -> None:
        """Add a node at the plus of a port."""
        self.card(title).get_by_role("button", name=f"Add a node behind {port}").click()
        self.page.get_by_role("dialog", name="Add a node").get_by_role("combobox").fill(kind)
        self.page.get_by_role("option", name=kind, exact=True).first.click()

    def connect(self, title: str, port: str, to: str) -> None:
        """Draw a connection from a port to a node."""
        outlet = self.card(title).locator(f'.react-flow__handle[data-handleid="{port}"]')
        inlet = self.card(to).locator('.react-flow__handle[data-handleid="in"]')
        self.drag(self.middle(outlet), self.middle(inlet))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag with the mouse."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=8)
        self.page.mouse.up()

    def lay_out(self) -> None:
        """Let all cards be put where they are easy to read."""
        self.page.get_by_role("button", name="Arrange").click()
        self.page.get_by_role("menuitem", name="Lay out").click()
        expect(self.page.get_by_role("status").filter(has_text="Laid out")).to_be_attached()
        self.still()

    def publish(self, note: str, *, people: str = "") -> None:
        """Publish the draft; where some are inside, say what becomes of them."""
        self.page.get_by_role("button", name="Publish …").click()
        self.confirm(note, people=people)

    def confirm(self, note: str, *, people: str = "") -> None:
        """Publish what the dialog asks about."""
        dialog = self.page.get_by_role("dialog")
        if people:
            dialog.get_by_role("radio", name=people).check()
        dialog.get_by_label("What has changed").fill(note)
        dialog.get_by_role("button", name="Publish", exact=True).click()
        expect(dialog).to_have_count(0)

    def shows(self, title: str, figure: str) -> None:
        """Wait until a card shows a figure."""
        expect(self.card(title).get_by_title(figure, exact=True)).to_be_visible()

    def select(self, title: str) -> None:
        """Click a card, so that its form opens."""
        self.card(title).click(position={"x": 100, "y": 14})

    def fill(self, values: Mapping[str, str]) -> None:
        """Type into fields of the form on the right, by their labels."""
        for label, value in values.items():
            self.side.get_by_label(label, exact=True).fill(value)
