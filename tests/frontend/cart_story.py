"""The story of left carts: who leaves one, and what is seen of them in the editor, however the flow was drawn there."""

from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from tests.alerts.conftest import Mailbox
from tests.frontend.drawing_board import DrawingBoard
from tests.live import wait_for
from tests.stories.doors import LiveDoors

ORDER = "event@properties.order_id"
SUBJECT = "Your cart {{ event@properties.order_id }}"
OTHER_SUBJECT = "Still yours: {{ event@properties.order_id }}"
ALL = "They go on in the new version"


@dataclass(frozen=True)
class Carts:
    """Three people who begin to pay, the first of whom does; no other story has them, nor their mail server."""

    flow: str
    people: tuple[str, str, str]

    @property
    def mails(self) -> str:
        """The connection by which they are written to."""
        return f"{self.flow} mail"

    @property
    def waiting(self) -> str:
        """The address of one who has not paid."""
        return f"{self.people[1]}@example.com"

    def left(self, studio: LiveDoors) -> None:
        """Let them leave their carts."""
        for name in self.people:
            studio.sign_in(name)
            studio.track({"type": "checkout-started", "properties": {"order_id": f"of {name}"}}, session=name)
        buyer = self.people[0]
        studio.track({"type": "sale-completed", "properties": {"order_id": f"of {buyer}"}}, session=buyer)

    def are_reminded(self, post: Mailbox) -> None:
        """Wait until those who have not paid are written to."""
        wait_for(lambda: len(post.mails) == 2, "both mails", timeout_secs=60)
        assert {mail["Subject"] for mail in post.mails} == {f"Your cart of {name}" for name in self.people[1:]}


def steps_are(board: DrawingBoard, *titles: str) -> Locator:
    """Wait until a trial went through these nodes, and return its steps."""
    steps = board.side.locator(".steps").get_by_role("listitem")
    expect(steps).to_have_count(len(titles))
    expect(steps.locator("summary > b")).to_have_text(list(titles))
    return steps


def counts_are_seen(board: DrawingBoard) -> None:
    """Wait until it is seen on the drawing that one of three has paid, and two wait."""
    board.shows("Start", "3 came here")
    board.shows("Bought?", "3 came here")
    board.shows("Bought?", "2 are here now")
    board.shows("End", "1 came here")


def path_is_seen(board: DrawingBoard) -> None:
    """Wait until the way of one who waits is seen, in words and on the drawing."""
    expect(board.side.get_by_text("Bought?: here until")).to_be_visible()
    expect(board.page.locator(".card[data-path]")).to_have_count(2)


def version_is(board: DrawingBoard, number: int, *, is_on: bool = True) -> None:
    """Wait until a version is published, and people enter or not."""
    state = "People enter" if is_on else "Off: nobody enters"
    expect(board.page.get_by_text(f"Version {number}. {state}")).to_be_visible()
