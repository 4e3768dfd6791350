"""Two draw one flow; network, server, sign-in, the page or the flow goes away: all that was typed is there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route, expect

from tests.chromium import comes_true
from tests.frontend.desk import Desk
from tests.frontend.people import PASSWORD, Office
from tests.live import wait_for
from tests.stories.doors import LiveDoors

pytestmark = [pytest.mark.xdist_group("editor"), pytest.mark.timeout(300)]
LENGTH = "How long *"
N_GESTURES = 101
MANY_CLICKS = """async (found, times) => {
    for (let n = 0; n < times; n++, await new Promise(requestAnimationFrame)) found.click()
}"""
# What its task does when somebody deletes a flow, of which nobody is inside.
DELETE = """
from apps.flows.models import Flow
rows = Flow.objects.filter(key="{key}")
rows.update(version=None)
rows.delete()
"""
IS_KEPT = """async (text) => {
    const ended = (asked) => new Promise((tell) => { asked.onsuccess = () => tell(asked.result) })
    const journal = await ended(indexedDB.open("cdp-flow-editor"))
    const entries = await ended(journal.transaction("unsaved").objectStore("unsaved").getAll())
    journal.close()
    return JSON.stringify(entries).includes(text)
}"""
# As a tab does that opens the flow, and asks whether others are closed: it has their locks for a moment.
ASK_FOR_OTHERS = """async () => {
    const { held } = await navigator.locks.query()
    const others = held.filter(({ name }) => !name.endsWith(sessionStorage.getItem("cdp-flow-editor-tab")))
    for (const { name } of others) {
        void navigator.locks.request(name, () => new Promise((tell) => setTimeout(tell, 500)))
    }
    return others.length
}"""
Body = dict[str, Any]


@pytest.fixture(scope="module")
def office(browser: Browser, studio: LiveDoors) -> Office:
    return Office(browser, studio)


@pytest.fixture
def key(studio: LiveDoors, request: pytest.FixtureRequest) -> str:
    """Make a flow: whoever begins to pay waits for an hour."""
    nodes: list[Body] = [
        {"id": "start", "kind": "start", "position": {"x": 0, "y": 0}},
        {
            "id": "wait",
            "kind": "wait",
            "name": "Wait",
            "settings": {"length": "1 hour"},
            "position": {"x": 0, "y": 120},
        },
        {"id": "end", "kind": "end", "position": {"x": 0, "y": 280}},
    ]
    edges = [{"from": "start", "to": "wait"}, {"from": "wait", "to": "end"}]
    triggers = [{"id": "t", "kind": "event", "event_type": "checkout-started"}]
    notes = [{"id": "n", "text": "Ask Ada", "position": {"x": 320, "y": 0}}]
    draft = {"triggers": triggers, "nodes": nodes, "edges": edges, "notes": notes}
    name = request.function.__name__.removeprefix("test_").replace("_", "-")[:60]
    studio.api("post", "flows", {"key": name, "name": name, "draft": draft})
    return str(name)


@contextmanager
def drawing(office: Office, name: str, key: str) -> Iterator[Desk]:
    """Somebody draws a flow, and has its wait before them."""
    with office.window(name) as window:
        yield begun(office.open(window, key))


def begun(page: Page) -> Desk:
    desk = Desk(page)
    desk.select("Wait")
    desk.has(LENGTH, "1 hour")
    return desk


def wait_of(studio: LiveDoors, key: str) -> Body:
    """Return the wait as the server has it."""
    draft = studio.api("get", f"flows/{key}")["draft"]
    return next(node for node in draft["nodes"] if node["id"] == "wait")


def length_of(studio: LiveDoors, key: str) -> str:
    return str(wait_of(studio, key)["settings"]["length"])


def change(studio: LiveDoors, key: str, **parts: Any) -> None:
    """Let a program store parts of a draft."""
    flow = studio.api("get", f"flows/{key}")
    body = {"revision": flow["draft_revision"], "draft": {**flow["draft"], **parts}, "is_unfinished": True}
    studio.api("patch", f"flows/{key}", body)


def hold(window: BrowserContext, key: str) -> None:
    """Let nothing be saved from now on."""
    window.route(f"**/api/flows/{key}", lambda route: route.abort() if is_save(route.request) else route.continue_())


def is_save(request: Request) -> bool:
    return request.method == "PATCH"


def lose_answer(route: Route) -> None:
    route.fetch()
    route.abort()


def save_first(studio: LiveDoors, key: str, route: Route) -> None:
    """Let somebody else save a moment earlier."""
    change(studio, key, notes=[])
    route.continue_()


def refuse(status: int, code: str, route: Route) -> None:
    route.fulfill(status=status, json={"code": code, "message": "Not you."})


def many_clicks(found: Locator, *, n: int = N_GESTURES) -> None:
    """Click so often, faster than anybody can: by default more than a hundred gestures come of it."""
    found.evaluate(MANY_CLICKS, n)


def test_two_people_keep_what_each_changed_and_choose_where_both_did(
    office: Office, studio: LiveDoors, key: str
) -> None:
    with drawing(office, "anna", key) as anna, drawing(office, "ben", key) as ben:
        anna.looks_away()
        ben.looks_away()
        anna.fill({"Name": "Patience"})
        anna.is_saved()
        ben.fill({LENGTH: "2 hours"})
        ben.is_saved()
        ben.has("Name", "Patience")
        assert (wait_of(studio, key)["name"], length_of(studio, key)) == ("Patience", "2 hours")

        read: list[str] = []
        anna.page.on("request", lambda request: read.append(request.url) if request.method == "GET" else None)
        anna.fill({LENGTH: "3 hours"})
        anna.says("ben saved a change of the same at")
        assert [url for url in read if url.endswith(f"/flows/{key}")] == []
        asked = anna.choose("Mine")
        assert asked[-8:-1] == [
            "Patience: How long",
            "Mine",
            "3 hours",
            "ben\N{RIGHT SINGLE QUOTATION MARK}s",
            "2 hours",
            "Before",
            "1 hour",
        ]
        assert length_of(studio, key) == "3 hours"

        ben.fill({LENGTH: "4 hours"})
        ben.says("anna saved a change of the same at")
        ben.choose("anna")
        ben.has(LENGTH, "3 hours")
        assert length_of(studio, key) == "3 hours"
        ben.page.get_by_role("button", name="Undo").click()
        ben.has(LENGTH, "4 hours")


def test_two_tabs_of_one_person_are_two(office: Office, studio: LiveDoors, key: str) -> None:
    with office.window("anna") as window:
        one, other = begun(office.open(window, key)), begun(office.open(window, key))
        other.looks_away()
        one.fill({"Name": "Patience"})
        one.is_saved()
        other.fill({"Name": "An hour"})
        other.says("Another tab of yours saved a change of the same")
        other.choose("The other tab")
        other.has("Name", "Patience")
    assert wait_of(studio, key)["name"] == "Patience"


def test_network_and_server_may_go_away(office: Office, studio: LiveDoors, key: str) -> None:
    with drawing(office, "anna", key) as anna:
        window = anna.page.context
        window.set_offline(True)
        anna.fill({LENGTH: "2 hours"})
        anna.says("No connection. What you do is kept in this browser, and saved in")
        window.set_offline(False)
        anna.is_saved()
        assert length_of(studio, key) == "2 hours"

        window.route(f"**/api/flows/{key}", lambda route: route.fulfill(status=503, body="Away"))
        anna.fill({LENGTH: "3 hours"})
        anna.says("No connection")
        window.unroute_all(behavior="wait")
        anna.go_on()
        anna.is_saved()
        assert length_of(studio, key) == "3 hours"

        window.route(f"**/api/flows/{key}", lose_answer)
        anna.fill({LENGTH: "4 hours"})  # which is stored, and nobody hears of it
        anna.says("No connection")
        anna.fill({LENGTH: "5 hours"})
        window.unroute_all(behavior="wait")
        anna.go_on()
        anna.is_saved()
    assert length_of(studio, key) == "5 hours"


def test_a_page_that_is_left_comes_back_with_what_was_not_saved(office: Office, studio: LiveDoors, key: str) -> None:
    with office.window("anna") as window:
        anna = begun(office.open(window, key))
        anna.unplug()
        anna.fill({LENGTH: "2 hours"})
        anna.reload("Wait")
        anna.has(LENGTH, "2 hours")
        anna.page.locator(".note").dblclick()
        anna.page.keyboard.type("Ask Ben")
        anna.reload("Wait")
        expect(anna.page.locator(".note")).to_have_text("Ask Ben")

        anna.fill({LENGTH: "3 hours"})
        anna.says("No connection")
        comes_true(anna.page, IS_KEPT, "3 hours")
        anna.page.close()
        assert length_of(studio, key) == "1 hour"
        again = Desk(office.open(window, key))
        again.select("Wait")
        offer = again.page.get_by_role("alert").filter(has_text="Another tab of yours was closed")
        offer.get_by_role("button", name="Bring them in").click()
        again.has(LENGTH, "3 hours")
        again.is_saved()
        expect(offer).to_have_count(0)
    assert length_of(studio, key) == "3 hours"


def test_a_tab_has_its_own_again_while_another_asks_whether_it_is_closed(
    office: Office, studio: LiveDoors, key: str
) -> None:
    with office.window("anna") as window:
        one, other = begun(office.open(window, key)), begun(office.open(window, key))
        one.unplug()
        one.fill({LENGTH: "2 hours"})
        assert other.page.evaluate(ASK_FOR_OTHERS) == 1
        one.reload("Wait")
        one.has(LENGTH, "2 hours")
    assert length_of(studio, key) == "1 hour"


def test_who_was_signed_out_signs_in_beside_it(office: Office, studio: LiveDoors, key: str) -> None:
    with drawing(office, "ben", key) as ben:
        window = ben.page.context
        window.clear_cookies()
        ben.looks_up()
        ben.says("You are signed out. What you do is kept in this browser.")
        ben.fill({LENGTH: "2 hours"})
        with window.expect_page() as opened:
            ben.page.get_by_role("link", name="Sign in again").click()
        beside = opened.value
        beside.get_by_label("Username").fill("ben")
        beside.get_by_label("Password").fill(PASSWORD)
        beside.get_by_role("button", name="Log in").click()
        beside.get_by_text("Events by hour").wait_for()
        beside.close()
        ben.looks_up()
        ben.is_saved()
    assert length_of(studio, key) == "2 hours"


def test_nothing_is_saved_in_the_name_of_who_signs_in_second(office: Office, studio: LiveDoors, key: str) -> None:
    with drawing(office, "anna", key) as anna, office.window("ben") as of_ben:
        window = anna.page.context
        of_anna = window.cookies()
        window.add_cookies(of_ben.cookies())  # as whoever signs in at the same browser
        anna.fill({LENGTH: "2 hours"})
        anna.says("ben is signed in now, in this browser. Nothing of yours is saved in their name:")
        assert length_of(studio, key) == "1 hour"
        window.add_cookies(of_anna)
        anna.go_on("I have")
        anna.is_saved()
    assert studio.api("get", f"flows/{key}")["changed_by"] == "anna"
    assert length_of(studio, key) == "2 hours"


def test_what_passes_is_no_conflict_and_no_end(office: Office, studio: LiveDoors, key: str) -> None:
    with drawing(office, "anna", key) as anna:
        window, flow = anna.page.context, f"**/api/flows/{key}"
        told = (
            (429, "throttled", "No connection"),
            (409, "not_now", "No connection"),
            (403, "permission_denied", "Not you"),
        )
        for n, (status, code, said) in enumerate(told, start=2):
            window.route(flow, partial(refuse, status, code))
            anna.fill({LENGTH: f"{n} hours"})
            anna.says(said)
            window.unroute_all(behavior="wait")
            anna.go_on("Try again" if status == 403 else "Try now")
            anna.is_saved()
            assert length_of(studio, key) == f"{n} hours"


def test_somebody_publishes_breaks_or_deletes_the_flow_meanwhile(office: Office, studio: LiveDoors, key: str) -> None:
    with drawing(office, "anna", key) as anna:
        window = anna.page.context
        studio.api("post", f"flows/{key}/publish", {})
        anna.fill({LENGTH: "2 hours"})
        anna.looks_up()
        expect(anna.page.get_by_text("Version 1. Off: nobody enters")).to_be_visible()
        anna.is_saved()

        nodes = studio.api("get", f"flows/{key}")["draft"]["nodes"]
        change(studio, key, nodes=[*nodes, nodes[-1]])
        anna.fill({LENGTH: "3 hours"})
        anna.says("that cannot be drawn. Yours is kept in this browser.")
        anna.page.reload()
        expect(anna.page.get_by_text("What you had not saved is kept in this browser")).to_be_visible()
        change(studio, key, nodes=nodes)
        anna.reload("Wait")
        anna.has(LENGTH, "3 hours")
        anna.is_saved()

        studio.live.manage("shell", "--no-imports", "-c", DELETE.format(key=key))
        anna.fill({LENGTH: "4 hours"})
        anna.says("Somebody has deleted this flow.")
        window.grant_permissions(["clipboard-read", "clipboard-write"])
        anna.press("Copy yours as text")
        copied = json.loads(anna.page.evaluate("navigator.clipboard.readText()"))
        assert next(node for node in copied["nodes"] if node["id"] == "wait")["settings"]["length"] == "4 hours"


def test_what_was_typed_to_publish_outlives_a_draft_that_somebody_else_saves(
    office: Office, studio: LiveDoors, key: str
) -> None:
    with office.window("publisher") as window:
        desk = Desk(office.open(window, key))
        desk.select("Wait")
        desk.page.get_by_role("button", name="Publish …").click()
        dialog = desk.page.get_by_role("dialog")
        dialog.get_by_label("What has changed").fill("An hour is enough")
        desk.page.route("**/publish", partial(save_first, studio, key), times=1)
        dialog.get_by_role("button", name="Publish", exact=True).click()
        expect(dialog.get_by_role("alert")).to_contain_text("Somebody else has saved the draft meanwhile")
        expect(dialog.get_by_label("What has changed")).to_have_value("An hour is enough")
        dialog.get_by_role("button", name="Publish", exact=True).click()
        expect(dialog).to_have_count(0)
        assert studio.api("get", f"flows/{key}/versions")["results"][0]["note"] == "An hour is enough"

        desk.enter("Versions")
        expect(desk.side.get_by_text("the flow is off, nobody enters")).to_be_visible()


def test_what_says_the_same_is_saved_and_what_is_deleted_whole_is_asked_about(
    office: Office, studio: LiveDoors, key: str
) -> None:
    with drawing(office, "anna", key) as anna:
        saves: list[str] = []
        anna.page.on("request", lambda request: saves.append(request.url) if is_save(request) else None)
        many_clicks(anna.side.get_by_role("checkbox", name="Disabled"), n=2)  # which are done before it is saved
        expect(anna.page.get_by_role("button", name="Undo")).to_be_enabled()
        anna.is_saved()
        assert saves == []

        anna.page.locator(".canvas").press("Control+a")
        anna.page.keyboard.press("Delete")
        anna.says("All nodes are deleted. It is not saved like this unless you say so.")
        anna.press("Undo")
        anna.is_saved()
    assert length_of(studio, key) == "1 hour"


def test_whoever_types_on_is_saved_and_can_undo_a_hundred_gestures(office: Office, studio: LiveDoors, key: str) -> None:
    with drawing(office, "anna", key) as anna:
        saves: list[str] = []
        anna.page.on("request", lambda request: saves.append(request.url) if is_save(request) else None)
        name = anna.side.get_by_label("Name", exact=True)

        def is_saved_while_typing() -> bool:
            name.press("x")
            return bool(saves)

        wait_for(is_saved_while_typing, "a save that waits for no end")  # as no pause is long enough for the usual one
        anna.is_saved()
        disabled = anna.side.get_by_role("checkbox", name="Disabled")
        many_clicks(disabled)
        wait_for(lambda: bool(wait_of(studio, key).get("is_disabled")), "the last of them")
        undo = anna.page.get_by_role("button", name="Undo")
        many_clicks(undo)
        anna.page.get_by_role("button", name="Undo: Rename").wait_for()
        expect(disabled).not_to_be_checked()
        undo.click()
        anna.has("Name", "Wait")
        anna.is_saved()
    assert wait_of(studio, key)["name"] == "Wait"


def test_roles_look_draw_or_publish(office: Office, studio: LiveDoors, key: str) -> None:
    with drawing(office, "drawer", key) as drawer:
        drawer.fill({LENGTH: "2 hours"})
        drawer.is_saved()
        expect(drawer.page.get_by_role("button", name="Publish …")).to_have_count(0)
    for name in ("looker", "publisher"):
        with office.window(name) as window:
            desk = Desk(office.open(window, key))
            desk.select("Wait")
            desk.says("Only to look at")
            expect(desk.side.get_by_label(LENGTH, exact=True)).to_be_disabled()
            expect(desk.page.get_by_role("region", name="Nodes")).to_have_count(0)
            desk.page.keyboard.press("Delete")
            expect(desk.card("Wait")).to_be_visible()
            if name == "publisher":
                desk.publish("Two hours")
                expect(desk.page.get_by_text("Version 1. Off: nobody enters")).to_be_visible()
            else:
                expect(desk.page.get_by_role("button", name="Publish …")).to_have_count(0)
    assert length_of(studio, key) == "2 hours"


def test_where_something_cannot_be_shown_the_draft_is_saved_all_the_same(
    office: Office, studio: LiveDoors, key: str
) -> None:
    with drawing(office, "anna", key) as anna:
        window = anna.page.context
        hold(window, key)
        anna.fill({LENGTH: "2 hours"})
        anna.says("No connection")
        window.route("**/simulations", lambda route: route.fulfill(json={"results": [{"id": "a", "status": "done"}]}))
        window.route("**/simulations/a", lambda route: route.fulfill(json={"id": "a", "status": "done"}))
        anna.enter("Simulate")
        expect(anna.page.get_by_role("alert")).to_contain_text("Something here cannot be shown")
        window.grant_permissions(["clipboard-read", "clipboard-write"])
        anna.page.get_by_role("button", name="Copy yours as text").click()
        assert "2 hours" in anna.page.evaluate("navigator.clipboard.readText()")
        window.unroute_all(behavior="wait")
        anna.go_on()
        anna.is_saved()
        assert length_of(studio, key) == "2 hours"

        anna.page.get_by_role("link", name="Load the page again").click()
        anna.select("Wait")
        anna.has(LENGTH, "2 hours")
