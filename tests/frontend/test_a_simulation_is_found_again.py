"""What a flow would have done is found again: from another mode, another tab, or as somebody else."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.frontend.drawing_board import DrawingBoard
from tests.frontend.people import Office
from tests.stories.doors import LiveDoors

pytestmark = [pytest.mark.xdist_group("editor"), pytest.mark.timeout(300)]
KEY = "simulated"
INHERITED = "constructor"  # what all objects of a script have
TOLD = "would have entered"


@pytest.fixture(scope="module")
def office(browser: Browser, studio: LiveDoors) -> Iterator[Office]:
    """People with a worker of their own: other stories of the group say themselves when a simulation is carried on."""
    studio.live.start("worker")
    yield Office(browser, studio)
    studio.live.end("worker")


@pytest.fixture
def flow(studio: LiveDoors) -> dict[str, Any]:
    nodes = [
        {"id": "start", "kind": "start"},
        {"id": INHERITED, "kind": "wait", "name": "Wait", "settings": {"length": "1 hour"}},
        {"id": "end", "kind": "end"},
    ]
    edges = [{"from": "start", "to": INHERITED}, {"from": INHERITED, "to": "end"}]
    triggers = [{"id": "t", "kind": "event", "event_type": "never-seen"}]
    draft = {"triggers": triggers, "nodes": nodes, "edges": edges}
    return dict(studio.api("post", "flows", {"key": KEY, "name": KEY, "draft": draft}))


def test_a_simulation_is_found_again_and_can_be_stopped(
    office: Office, studio: LiveDoors, flow: dict[str, Any]
) -> None:
    with office.window("anna") as window:
        board = DrawingBoard(office.open(window, flow["key"]))
        board.enter("Simulate")
        board.side.get_by_role("button", name="Simulate").click()
        expect(board.side.get_by_text(TOLD)).to_be_visible()
        expect(board.side.get_by_role("progressbar")).to_have_count(0)
        board.select("Wait")
        expect(board.side.get_by_text("Nobody.", exact=True)).to_be_visible()

        board.enter("Draw")
        board.enter("Simulate")
        expect(board.side.get_by_text(TOLD)).to_be_visible()
        board.page.reload()
        board.enter("Simulate")
        expect(board.side.get_by_text("asked for by you")).to_be_visible()
        expect(board.side.get_by_text("The draft has changed since.")).to_have_count(0)
        stopped(board)
    with office.window("ben") as window:
        board = DrawingBoard(office.open(window, flow["key"]))
        board.enter("Simulate")
        expect(board.side.get_by_text("asked for by anna")).to_be_visible()


def stopped(board: DrawingBoard) -> None:
    """Stop one that is under way, as the server tells it."""
    asked: list[str] = []

    def still_going(route: Route) -> None:
        asked.append(route.request.method)
        response = route.fetch(method="GET")
        state = "cancelled" if "DELETE" in asked else "running"
        route.fulfill(response=response, json={**response.json(), "status": state})

    board.page.route("**/simulations/*", still_going)
    board.page.reload()
    board.enter("Simulate")
    board.side.get_by_role("button", name="Stop it").click()
    expect(board.side.get_by_text("It was stopped")).to_be_visible()
    board.page.unroute_all(behavior="wait")
