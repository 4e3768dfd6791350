"""A marketer draws who is reminded of their cart, with the mouse alone; tries it, publishes it, and watches it."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from apps.flows.triggers.trigger_index import REFRESH_SECS
from tests.alerts.conftest import Mailbox
from tests.frontend.cart_story import (
    ALL,
    ORDER,
    OTHER_SUBJECT,
    SUBJECT,
    Carts,
    counts_are_seen,
    path_is_seen,
    steps_are,
    version_is,
)
from tests.frontend.drawing_board import DrawingBoard
from tests.stories.doors import UNSUBSCRIBE, LiveDoors

pytestmark = [pytest.mark.xdist_group("editor"), pytest.mark.timeout(300)]
CARTS = Carts("Left carts", ("anna", "ben", "cleo"))


def test_a_cart_is_drawn_tried_published_watched_changed_and_rolled_back(
    studio: LiveDoors, post: Mailbox, marketer: Page
) -> None:
    studio.mails_by(post.port, CARTS.mails)
    begun(studio, marketer)
    board = DrawingBoard(marketer)
    drawn(board)
    tried(board)
    published(board)
    time.sleep(REFRESH_SECS + 0.1)
    CARTS.left(studio)
    watched(board)
    changed(board)
    rolled_back(board)
    let_go_on(board)
    CARTS.are_reminded(post)


def begun(studio: LiveDoors, page: Page) -> None:
    page.goto(f"{studio.live.address}/admin/flows/flow/")
    page.get_by_title("Add flow").click()
    page.get_by_role("link", name="Do something for people").click()
    page.get_by_label("Name").fill(CARTS.flow)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/editor/$"))


def drawn(board: DrawingBoard) -> None:
    """Draw it: whoever has not bought what is in their cart within an hour is written to."""
    side = board.side
    side.get_by_label("Kind of trigger").select_option(label="Event")
    side.get_by_role("group", name="When people enter").get_by_role("button", name="Add", exact=True).click()
    board.fill({"Event type *": "checkout-started"})
    side.get_by_role("button", name="Remove the trigger Manual").click()
    board.fill({"Key": ORDER})

    board.drag_onto_edge("Wait for an event", "start.out -> end")
    board.fill({"Name": "Bought?", "Event *": "sale-completed", "At most": "1"})
    side.get_by_label("At most: unit").select_option("hours")
    side.get_by_role("group", name="Joined by").get_by_role("button", name="Add").click()
    board.fill({"Joined by: name 1": "properties.order_id", "Joined by: value of properties.order_id": ORDER})
    side.get_by_label("What counts").select_option(label="What has come since the flow was started, too")

    board.add_behind("Bought?", "time out", "E-mail")
    board.fill({"Name": "Remind", "Connection *": CARTS.mails, "Subject *": SUBJECT})
    board.fill({"HTML": "<p>Come back!</p>", "Address to unsubscribe": UNSUBSCRIBE})
    board.lay_out()
    for port in ("out", "capped", "refused"):
        board.connect("Remind", port, "End")
    board.connect("Bought?", "missing", "End")
    board.lay_out()
    board.has_no_mistakes()
    board.is_saved()


def tried(board: DrawingBoard) -> None:
    """Try it on somebody made up: with a purchase of that order, and without."""
    side = board.side
    board.enter("Try")
    board.fill({"Event that starts it": "checkout-started"})
    side.get_by_role("group", name="Its properties").get_by_role("button", name="Add").click()
    board.fill({"Its properties: name 1": "order_id", "Its properties: value of order_id": "A-1"})
    side.get_by_role("button", name="Try it").click()
    expect(side.get_by_role("heading", name="They came to an end of the flow.")).to_be_visible()
    steps = steps_are(board, "Start", "Bought?", "Bought?", "Remind", "Remind", "End")
    steps.nth(1).get_by_text("Bought?").click()
    side.get_by_role("button", name="Let sale-completed come").click()
    steps_are(board, "Start", "Bought?", "Bought?", "End")
    keep(board, "Whoever buys is not reminded")


def keep(board: DrawingBoard, name: str) -> None:
    """Keep a trial as a case of the flow."""
    group = board.side.get_by_role("group", name="Keep this trial as a case")
    group.get_by_label("Name").fill(name)
    group.get_by_role("button", name="Keep it").click()
    expect(board.side.get_by_text(name)).to_be_visible()


def published(board: DrawingBoard) -> None:
    """Publish it, and let people enter."""
    board.publish("First try")
    version_is(board, 1, is_on=False)
    board.page.get_by_role("button", name="Switch on").click()
    version_is(board, 1)


def watched(board: DrawingBoard) -> None:
    """Look at how many are where, who they are, and at the way of one of them."""
    board.enter("Live")
    counts_are_seen(board)
    board.select("Bought?")
    people = board.side.get_by_role("region", name="Who").get_by_role("listitem")
    expect(people).to_have_count(2)
    people.get_by_role("button", name=CARTS.waiting).click()
    path_is_seen(board)


def changed(board: DrawingBoard) -> None:
    """Write another subject, from looking at somebody's way on, while two wait, who are to go on with it."""
    board.enter("Draw")
    board.select("Remind")
    board.fill({"Subject *": OTHER_SUBJECT})
    board.is_saved()
    board.publish("Another subject", people=ALL)
    version_is(board, 2)


def rolled_back(board: DrawingBoard) -> None:
    """Publish the first version again, and let those who wait go on by it."""
    board.enter("Versions")
    board.side.get_by_role("button", name="Version 1").click()
    board.side.get_by_role("button", name="Publish version 1 again …").click()
    board.confirm("The first subject was better", people=ALL)
    version_is(board, 3)


def let_go_on(board: DrawingBoard) -> None:
    """Let the time of those who wait come."""
    board.enter("Live")
    board.side.get_by_label("Version").select_option(label="version 1")
    board.select("Bought?")
    board.side.get_by_role("button", name="Let them go on now").click()
    board.page.get_by_role("dialog", name="Let them go on now").get_by_role("button", name="Let them go on now").click()
    board.side.get_by_label("Version").select_option(label="version 3")
    board.shows("Remind", "2 came here")
