"""Whoever fills in forms of the editor loses nothing as they go from field to field."""

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.drawing_board import DrawingBoard
from tests.stories.doors import LiveDoors

pytestmark = [pytest.mark.xdist_group("editor"), pytest.mark.timeout(300)]


@pytest.fixture
def board(marketer: Page, studio: LiveDoors, request: pytest.FixtureRequest) -> DrawingBoard:
    """Open a flow of a start and an end."""
    nodes = [
        {"id": "start", "kind": "start", "position": {"x": 0, "y": 0}},
        {"id": "end", "kind": "end", "position": {"x": 0, "y": 160}},
    ]
    draft = {"nodes": nodes, "edges": [{"from": "start", "to": "end"}]}
    key = request.function.__name__.removeprefix("test_").replace("_", "-")[:60]
    studio.api("post", "flows", {"key": key, "name": key, "draft": draft})
    [flow] = studio.live.rows("SELECT id FROM flows_flow WHERE key = %s", key)
    marketer.goto(f"{studio.live.address}/admin/flows/flow/{flow['id']}/editor/")
    return DrawingBoard(marketer)


def test_who_names_a_goal_goes_on_in_its_next_field(board: DrawingBoard) -> None:
    page, goals = board.page, board.side.get_by_role("group", name="Goals", exact=True)
    goals.get_by_role("button", name="Add").click()
    page.keyboard.type("bought")
    page.keyboard.press("Tab")
    page.keyboard.type("sale-completed")

    expect(goals.get_by_label("Id *")).to_have_value("bought")
    board.is_saved()


def test_what_is_pinned_is_said_and_the_map_is_out_of_the_way(board: DrawingBoard) -> None:
    page, side = board.page, board.side
    board.drag_onto_edge("Condition", "start.out -> end")
    side.get_by_label("The same as text").fill('profile@traits.plan = "pro"')
    board.is_saved()
    board.enter("Try")
    side.get_by_role("button", name="Try it").click()
    side.locator(".steps summary").nth(1).click()
    side.get_by_role("button", name="Pin this").first.click()
    pins = side.get_by_role("group", name="Pinned")
    pins.get_by_role("combobox").select_option("true")
    expect(side.locator(".steps .port").nth(1)).to_have_text("true")
    expect(board.card("Condition").get_by_title("Pinned: true")).to_be_visible()
    side.get_by_label("On", exact=True).select_option(label="nobody: a run without a person")
    expect(pins).to_have_count(0)
    expect(side.locator(".steps")).to_have_count(0)

    page.set_viewport_size({"width": 2000, "height": 900})
    page.get_by_role("button", name="Hide the map").click()
    expect(page.locator(".react-flow__minimap")).to_have_count(0)
    page.get_by_role("button", name="Map", exact=True).click()
    expect(page.locator(".react-flow__minimap")).to_be_visible()
    page.set_viewport_size({"width": 1200, "height": 900})
    expect(page.locator(".react-flow__minimap")).to_have_count(0)


def test_a_form_begins_at_its_top_and_a_new_node_is_not_red_at_once(board: DrawingBoard) -> None:
    board.drag_onto_edge("E-mail", "start.out -> end")
    expect(board.page.get_by_role("region", name="Problems").get_by_text("mistakes")).to_be_visible()
    expect(board.card("E-mail").locator(".card-mark")).to_have_count(0)
    board.side.evaluate("(side) => side.scrollTo(0, 400)")
    board.select("Start")
    expect(board.card("E-mail").locator(".card-mark")).to_be_visible()
    assert board.side.evaluate("(side) => side.scrollTop") == 0


def test_who_leaves_a_row_of_a_condition_open_is_told(board: DrawingBoard) -> None:
    board.drag_onto_edge("Condition", "start.out -> end")
    board.side.get_by_role("button", name="+ Field").click()
    board.select("Start")
    expect(board.page.get_by_text("a row was not filled in, and is not part of it.").first).to_be_visible()
