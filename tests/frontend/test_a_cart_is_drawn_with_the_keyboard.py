"""A marketer draws who is reminded of their cart with the keyboard alone; tries it, publishes it, and watches it."""

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
from tests.frontend.keyboard import Keyboard
from tests.stories.doors import UNSUBSCRIBE, LiveDoors

pytestmark = [pytest.mark.xdist_group("editor"), pytest.mark.timeout(300)]
CARTS = Carts("Carts by keys", ("dora", "emil", "fred"))


def test_a_cart_is_drawn_tried_published_watched_changed_and_rolled_back(
    studio: LiveDoors, post: Mailbox, marketer: Page
) -> None:
    studio.mails_by(post.port, CARTS.mails)
    keys, seen = Keyboard(marketer), DrawingBoard(marketer)
    begun(studio, keys)
    drawn(keys, seen)
    tried(keys, seen)
    published(keys, seen)
    time.sleep(REFRESH_SECS + 0.1)
    CARTS.left(studio)
    watched(keys, seen)
    changed(keys, seen)
    rolled_back(keys, seen)
    let_go_on(keys, seen)
    CARTS.are_reminded(post)


def begun(studio: LiveDoors, keys: Keyboard) -> None:
    """Make a flow."""
    page = keys.page
    page.goto(f"{studio.live.address}/admin/flows/flow/")  # as it is typed where addresses are
    keys.do(page.get_by_title("Add flow"))
    keys.do(page.get_by_role("link", name="Do something for people"))
    keys.go_to(page.get_by_label("Name"))
    page.keyboard.type(CARTS.flow)
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/editor/$"))


def drawn(keys: Keyboard, seen: DrawingBoard) -> None:
    """Draw it: whoever has not bought what is in their cart within an hour is written to."""
    side = keys.side
    keys.canvas.wait_for()
    keys.go_into(side)
    keys.choose(side.get_by_label("Kind of trigger"), "Event")
    keys.do(side.get_by_role("group", name="When people enter").get_by_role("button", name="Add", exact=True))
    expect(side.get_by_label("Event type *")).to_be_focused()
    keys.write("checkout-started")
    keys.do(side.get_by_role("button", name="Remove the trigger Manual"), key="Shift+Tab")
    expect(side.get_by_role("button", name="Remove the trigger Manual")).to_have_count(0)
    keys.fill({"Key": ORDER})
    keys.leave_form()
    waits_until_bought(keys)
    reminds(keys)
    keys.command("Lay out")
    keys.heard("Laid out")
    seen.has_no_mistakes()
    seen.is_saved()


def waits_until_bought(keys: Keyboard) -> None:
    """Add what waits for the purchase of what was in the cart."""
    keys.press("Home")
    keys.add_behind_current("Wait for an event")
    keys.open_form()
    keys.fill({"Name": "Bought?", "Event *": "sale-completed"})
    keys.do(keys.side.get_by_role("group", name="Joined by").get_by_role("button", name="Add"))
    expect(keys.side.get_by_label("Joined by: name 1")).to_be_focused()
    keys.fill({"Joined by: name 1": "properties.order_id", "Joined by: value of properties.order_id": ORDER})
    keys.choose(keys.side.get_by_label("What counts"), "What has come since the flow was started, too")
    keys.fill({"At most": "1"})
    keys.choose(keys.side.get_by_label("At most: unit"), "hours")
    keys.leave_form()
    keys.connect_port("missing", "End")


def reminds(keys: Keyboard) -> None:
    """Add the mail, and let all leave it for the end."""
    keys.turn_to_port("time out")
    keys.add_behind_current("E-mail")
    keys.open_form()
    keys.fill({"Name": "Remind", "Connection *": CARTS.mails, "Subject *": SUBJECT})
    keys.fill({"HTML": "<p>Come back!</p>", "Address to unsubscribe": UNSUBSCRIBE})
    keys.leave_form()
    for port in ("out", "capped", "refused"):
        keys.connect_port(port, "End")


def tried(keys: Keyboard, seen: DrawingBoard) -> None:
    """Try it on somebody made up: with a purchase of that order, and without."""
    side = keys.side
    keys.enter("Try")
    keys.fill({"Event that starts it": "checkout-started"})
    keys.do(side.get_by_role("group", name="Its properties").get_by_role("button", name="Add"))
    expect(side.get_by_label("Its properties: name 1")).to_be_focused()
    keys.fill({"Its properties: name 1": "order_id", "Its properties: value of order_id": "A-1"})
    keys.do(side.get_by_role("button", name="Try it"))
    keys.heard("They came to an end of the flow.")
    expect(side.get_by_role("button", name="Try it")).to_be_focused()
    steps = steps_are(seen, "Start", "Bought?", "Bought?", "Remind", "Remind", "End")
    keys.do(steps.nth(1).locator("summary"))
    keys.do(side.get_by_role("button", name="Let sale-completed come"))
    steps_are(seen, "Start", "Bought?", "Bought?", "End")
    group = side.get_by_role("group", name="Keep this trial as a case")
    keys.go_to(group.get_by_label("Name"))
    keys.write("Whoever buys is not reminded")
    keys.do(group.get_by_role("button", name="Keep it"))
    expect(side.get_by_text("Whoever buys is not reminded")).to_be_visible()
    expect(group.get_by_label("Name")).to_be_focused()


def published(keys: Keyboard, seen: DrawingBoard) -> None:
    """Publish it, and let people enter."""
    keys.command("Publish …")
    keys.confirm("First try")
    version_is(seen, 1, is_on=False)
    keys.go_into(keys.page.get_by_role("banner").filter(has=keys.page.get_by_role("navigation", name="Modes")))
    keys.do(keys.page.get_by_role("button", name="Switch on"))
    version_is(seen, 1)
    expect(keys.page.get_by_role("button", name="Switch off")).to_be_focused()


def watched(keys: Keyboard, seen: DrawingBoard) -> None:
    """Look at how many are where, who they are, and at the way of one of them."""
    keys.enter("Live")
    counts_are_seen(seen)
    keys.go_into(keys.canvas)
    keys.press("Home", "ArrowDown")
    people = keys.side.get_by_role("region", name="Who").get_by_role("listitem")
    expect(people).to_have_count(2)
    keys.go_into(keys.side)
    keys.do(people.get_by_role("button", name=CARTS.waiting))
    expect(keys.side.get_by_role("button", name="← Back")).to_be_focused()
    path_is_seen(seen)
    keys.press("Enter")
    expect(people.get_by_role("button", name=CARTS.waiting)).to_be_focused()


def changed(keys: Keyboard, seen: DrawingBoard) -> None:
    """Write another subject while two wait, who are to go on with it."""
    keys.enter("Draw")
    keys.find("Remind")
    keys.open_form()
    keys.fill({"Subject *": OTHER_SUBJECT})
    seen.is_saved()
    keys.command("Publish …")
    keys.confirm("Another subject", people=ALL)
    version_is(seen, 2)
    expect(keys.side.get_by_label("Subject *")).to_be_focused()


def rolled_back(keys: Keyboard, seen: DrawingBoard) -> None:
    """Publish the first version again, and let those who wait go on by it."""
    keys.enter("Versions")
    keys.do(keys.side.get_by_role("button", name=re.compile("^Version 1")))
    again = keys.side.get_by_role("button", name="Publish version 1 again …")
    keys.do(again)
    keys.confirm("The first subject was better", people=ALL)
    version_is(seen, 3)
    expect(again).to_be_focused()


def let_go_on(keys: Keyboard, seen: DrawingBoard) -> None:
    """Let the time of those who wait come."""
    keys.enter("Live")
    keys.choose(keys.side.get_by_label("Version"), "version 1")
    keys.go_into(keys.canvas)
    keys.press("Home", "ArrowDown")
    keys.go_into(keys.side)
    keys.do(keys.side.get_by_role("button", name="Let them go on now"))
    keys.page.keyboard.press("Enter")  # the dialog asks whether it is meant
    keys.heard("Let them go on now: 2.")
    keys.choose(keys.side.get_by_label("Version"), "version 3", key="Shift+Tab")
    seen.shows("Remind", "2 came here")
