"""Segments in a real browser: clicked together, read as text, counted, built; and why somebody is in one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
LOYAL = 'profile@visits.count >= 2 AND DID("sale-completed" WHERE event@properties.value > 20 LAST 60 DAYS)'
MOVE = "from apps.events.jobs import move_merged; move_merged()"
HARD = (
    '(age(profile@data.pii.birthday) BETWEEN 18 AND 30 OR profile@country IN ["DE", "FR"]) AND '
    "NOT (profile@last_seen_at < now() - 30 DAYS AND profile@visits.count > 3) AND "
    'SUM(event@properties.value OF "sale-completed" SINCE "2026-01-01") > 100 AND '
    'NOT SEQUENCE(FIRST "page-view" THEN "sale-completed" WITHIN 3 DAYS LAST 90 DAYS) AND '
    'ANY(profile@data.preferences.colors WHERE item@... = "red")'
)


def text_of(page: Page) -> Locator:
    return page.locator("#id_condition")


def is_built(live: Live) -> bool:
    """Tick, and tell whether all is built; a build of other segments may have been under way."""
    live.manage("segment_live", "--wait")
    return not live.rows("SELECT FROM segments_segment WHERE evaluated_at IS NULL AND kind = 'condition'")


def fill(place: Locator, label: str, value: str) -> None:
    place.get_by_label(label, exact=True).fill(value)
    place.get_by_label(label, exact=True).press("Tab")


@pytest.mark.timeout(300)  # the worker may still be busy with what other tests began
def paste(page: Page, names: str, *, mode: str) -> None:
    """Paste a list, say what to do with it, and wait for its first lines each time."""
    with page.expect_response("**/list/look/"):
        page.get_by_label("Or paste them").fill(names)
        page.get_by_label("Or paste them").press("Tab")
    with page.expect_response("**/list/look/"):
        page.get_by_label("What to do").select_option(label=mode)


def test_a_segment_is_clicked_together_counted_built_and_explained(admin: Page, live: Live, shoot: Shoot) -> None:
    live.manage("shell", "--no-imports", "-c", MOVE)  # what other tests merged has no history before
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Segments").click()
    expect(admin).to_have_title("Segments | Customer data platform")
    admin.locator("a[href='/admin/segments/segment/add/']").first.click()
    admin.get_by_label("Name").fill("Loyal buyers")
    builder = admin.locator(".cdp-builder")
    builder.get_by_role("button", name="+ Field").click()
    fill(builder, "Field", "profile@visits.count")
    builder.get_by_label("Test", exact=True).select_option("is at least")
    builder.get_by_label("Value", exact=True).fill("2")
    expect(text_of(admin)).to_have_value("profile@visits.count >= 2")

    builder.get_by_role("button", name="+ Events").click()
    events = builder.locator(".cdp-row-did")
    events.get_by_label("Event types").fill("sale-completed")
    events.get_by_label("When").select_option("in the last")
    events.get_by_label("How long: number").fill("60")
    events.get_by_role("button", name="+ where").click()
    events.get_by_role("button", name="+ Property").click()
    where = events.locator(".cdp-where")
    fill(where, "Field", "event@properties.value")
    where.get_by_label("Test", exact=True).select_option("is more than")
    where.get_by_label("Value", exact=True).fill("20")
    expect(text_of(admin)).to_have_value(LOYAL)
    expected = live.rows(
        "SELECT count(*) AS n FROM profiles_profile p WHERE visit_count >= 2 AND EXISTS (SELECT FROM events_event e "
        "WHERE e.profile_id = p.id AND type = 'sale-completed' AND (properties->>'value')::numeric > 20)"
    )[0]["n"]
    expect(admin.locator("[data-count] strong")).to_have_text(str(expected))
    expect(admin.locator(".cdp-sample li")).to_have_count(8)
    shoot("segment-add-1440")
    admin.set_viewport_size({"width": 1280, "height": 900})
    shoot("segment-add-1280")

    admin.get_by_role("button", name="Save", exact=True).click()
    row = admin.locator("#result_list tbody tr").filter(has_text="Loyal buyers")
    expect(row).to_contain_text("being built")
    wait_for(lambda: is_built(live), "the build", timeout_secs=90)
    admin.reload()
    expect(row).to_contain_text("up to date")
    expect(row.locator(".field-size_shown")).to_have_text(str(expected))
    shoot("segments")

    admin.get_by_role("link", name="Loyal buyers").click()
    shoot("segment")
    person = admin.locator(".cdp-members tbody tr").first.locator("a").first.inner_text()
    admin.get_by_role("link", name="Why?").first.click()
    expect(admin.get_by_role("heading", name=f"Why is {person} in Loyal buyers?")).to_be_visible()
    clauses = admin.locator(".cdp-clause .cdp-clause")
    expect(clauses).to_have_count(2)
    expect(clauses.first).to_contain_text(re.compile(r"true\s+profile@visits.count >= 2\s+profile@visits.count\s*\d+"))
    shoot("segment-why")
    admin.get_by_role("link", name="Profile", exact=True).click()
    expect(admin.locator(".cdp-panel").filter(has_text="Segments").first).to_contain_text("Loyal buyers")
    shoot("profile-segments")


KINDS = {"By a condition": "profile@visits.count > 1", "By a list": "", "By flows": ""}


@pytest.mark.parametrize("kind", KINDS)
def test_a_segment_of_each_kind_is_made_changed_and_deleted(kind: str, admin: Page, live: Live, shoot: Shoot) -> None:
    condition, name = KINDS[kind], f"Made {kind.lower()}"
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    admin.get_by_label("Name").fill(name)
    admin.get_by_label("Membership").select_option(label=kind)
    expect(admin.locator(".cdp-ready")).to_be_attached()
    expect(text_of(admin)).to_be_visible(visible=bool(condition))
    if condition:
        text_of(admin).fill(condition)
        expect(admin.locator("[data-count] strong")).to_be_visible()  # what is under way would be called aborted
    admin.get_by_role("button", name="Save", exact=True).click()
    admin.wait_for_url(re.compile("/segment/$"))

    def stored() -> dict[str, Any]:
        return live.rows("SELECT id, condition, description FROM segments_segment WHERE name = %s", name)[0]

    admin.locator("#result_list").get_by_role("link", name=name, exact=True).click()
    admin.get_by_role("link", name="Edit", exact=True).click()
    expect(admin.get_by_label("Description")).to_be_visible()
    admin.get_by_label("Description").fill("Changed")
    if condition:
        builder = admin.locator(".cdp-builder")
        expect(builder.locator(".cdp-row")).to_have_count(1)
        builder.get_by_label("Value", exact=True).fill("3")
        expect(text_of(admin)).to_have_value("profile@visits.count > 3")
        expect(admin.locator("[data-count] strong")).to_be_visible()
    shoot(f"segment-change-{'condition' if condition else kind.split()[-1]}")
    admin.get_by_role("button", name="Save", exact=True).click()
    admin.wait_for_url(re.compile("/segment/$"))
    assert (stored()["description"], stored()["condition"]) == ("Changed", condition and "profile@visits.count > 3")

    admin.goto(f"{live.address}/admin/segments/segment/{stored()['id']}/delete/")
    shoot("segment-delete")
    admin.get_by_label("To delete it, type its name").fill(name)
    admin.get_by_role("button", name="Delete", exact=True).click()
    admin.wait_for_url(re.compile("/segment/$"))
    assert live.rows("SELECT FROM segments_segment WHERE name = %s", name) == []


def test_a_list_is_uploaded_as_a_spreadsheet_saves_it(admin: Page, live: Live, shoot: Shoot, tmp_path: Path) -> None:
    people = live.rows("SELECT id, email FROM profiles_profile WHERE email IS NOT NULL ORDER BY id LIMIT 3")
    rows = [
        "Name;Mail;Note",
        *(f"Person {number};{row['email']};x" for number, row in enumerate(people)),
        "Bo;bo@no.one;y",
    ]
    file = tmp_path / "guests.csv"
    file.write_text("\r\n".join(rows), encoding="utf-16")
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    admin.get_by_label("Name").fill("Guests of the party")
    admin.get_by_label("Membership").select_option(label="By a list")
    admin.get_by_role("button", name="Save", exact=True).click()
    admin.locator("#result_list").get_by_role("link", name="Guests of the party").click()
    admin.get_by_role("link", name="Upload a list").click()

    admin.get_by_label("CSV file").set_input_files(file)
    column = admin.get_by_label("Column that names people")
    expect(column).to_have_value("2")
    expect(admin.get_by_role("table", name="First lines").locator("tbody tr")).to_have_count(4)
    expect(admin.get_by_text("Of the first 4 lines 3 name somebody who is known.")).to_be_visible()
    shoot("segment-list-look")
    column.select_option(label="Name")
    expect(admin.get_by_text("Of the first 4 lines 0 name somebody")).to_be_visible()
    column.select_option(label="Mail")
    expect(admin.get_by_text("Of the first 4 lines 3 name somebody")).to_be_visible()
    admin.get_by_role("button", name="Import").click()
    expect(admin.get_by_text("4 lines: 3 entered, 0 left, 1 named nobody")).to_be_visible()
    shoot("segment-list-taken")

    paste(admin, people[0]["email"], mode="Remove these people")
    expect(admin.get_by_text("Of the first 1 line 1 names somebody")).to_be_visible()
    admin.get_by_role("button", name="Import").click()
    expect(admin.get_by_text("1 line: 0 entered, 1 left")).to_be_visible()

    paste(admin, people[1]["email"], mode="Replace all members by these people")
    expect(admin.get_by_text("1 member is not among them, and would leave.")).to_be_visible()
    shoot("segment-list-replace")
    admin.get_by_role("button", name="Import").click()
    expect(admin.get_by_label("Let 1 member leave")).to_be_focused()  # the browser insists
    admin.get_by_label("Let 1 member leave").check()
    admin.get_by_role("button", name="Import").click()
    expect(admin.get_by_text("1 line: 0 entered, 1 left")).to_be_visible()

    admin.goto(f"{live.address}/admin/profiles/profile/{people[0]['id']}/change/")
    membership = admin.locator(".cdp-rows > div").filter(has_text="Guests of the party")
    expect(membership.get_by_text(re.compile("^until "))).to_be_visible()  # where they were is told, too


def test_rows_follow_the_text_and_nothing_of_it_is_lost(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    builder = admin.locator(".cdp-builder")
    expect(builder.get_by_role("button", name="+ Sequence")).to_be_visible()
    text_of(admin).fill(HARD)
    expect(builder.locator(".cdp-row")).to_have_count(7)
    expect(builder.locator(".cdp-row-text textarea")).to_have_value(HARD.rpartition(" AND ")[2])
    admin.set_viewport_size({"width": 1440, "height": 1700})
    shoot("segment-rows")

    # A change in one row leaves the others as they are.
    builder.get_by_label("Value", exact=True).last.fill("250")
    expect(text_of(admin)).to_have_value(HARD.replace("> 100", "> 250"))
    # What is written as text, and can be drawn, becomes rows.
    builder.locator(".cdp-row-text textarea").fill("profile@visits.count > 1 OR profile@visits.count = 0")
    builder.locator(".cdp-row-text textarea").press("Tab")
    expect(builder.locator(".cdp-row-text textarea")).to_have_count(0)
    expect(text_of(admin)).to_have_value(re.compile(r"AND \(profile@visits.count > 1 OR profile@visits.count = 0\)$"))


def test_mistakes_are_marked_and_what_is_not_filled_in_is_not_saved(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    builder = admin.locator(".cdp-builder")
    expect(builder.get_by_role("button", name="+ Field")).to_be_visible()
    admin.get_by_label("Name").fill("Unfinished")
    text_of(admin).fill("profile@visitz.count > 2")
    problem = admin.locator(".cdp-problem[role=status]")
    expect(problem).to_contain_text("Line 1, column 1: There is no field profile@visitz.count.")
    expect(admin.locator("mark")).to_have_text("profile@visitz.count")
    # The rows and the number that there were are shown as what they are: old.
    for old in (builder, admin.locator(".cdp-preview")):
        expect(old).to_have_class(re.compile("cdp-stale"))
    shoot("segment-mistake")
    problem.get_by_role("button", name="profile@visits.count").click()
    expect(text_of(admin)).to_have_value("profile@visits.count > 2")
    expect(problem).to_be_empty()
    expect(admin.locator(".cdp-stale")).to_have_count(0)

    expect(builder.locator(".cdp-row")).to_have_count(1)
    builder.get_by_role("button", name="+ Field").click()
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(problem).to_contain_text("Something is not filled in")
    expect(builder.locator(".cdp-incomplete")).to_have_count(1)
    shoot("segment-incomplete")
    assert live.rows("SELECT id FROM segments_segment WHERE name = 'Unfinished'") == []


def test_it_all_works_without_a_mouse(admin: Page, live: Live) -> None:
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    builder, keyboard = admin.locator(".cdp-builder"), admin.keyboard
    builder.get_by_role("button", name="+ Field").focus()
    keyboard.press("Enter")
    expect(builder.get_by_label("Function of the field")).to_be_focused()
    keyboard.press("Tab")
    keyboard.type("profile@visits.count")
    keyboard.press("Tab")
    expect(builder.get_by_label("Test", exact=True)).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.type("7")
    expect(text_of(admin)).to_have_value("profile@visits.count > 7")
    keyboard.press("Tab")
    expect(builder.get_by_role("button", name="Remove this row")).to_be_focused()
    keyboard.press("Enter")
    expect(text_of(admin)).to_have_value("")

    text_of(admin).focus()
    keyboard.type("profile@visits.c")
    expect(admin.get_by_role("option", name="profile@visits.count")).to_be_visible()
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    keyboard.type("= 1")
    expect(builder.get_by_label("Field", exact=True)).to_have_value("profile@visits.count")


def test_what_is_offered_fits_what_is_typed_also_while_the_server_is_slow(admin: Page, live: Live) -> None:
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    text_of(admin).press_sequentially("p")
    expect(admin.get_by_role("option", name="profile@visits.count")).to_be_visible()
    admin.route("**/complete/", lambda route: None)  # from here on no answer comes

    admin.keyboard.type("rofile@visits.c")
    admin.keyboard.press("ArrowDown")
    admin.keyboard.press("Enter")

    expect(text_of(admin)).to_have_value("profile@visits.count ")


def test_who_has_gone_to_one_that_is_offered_stays_there_as_the_server_answers(admin: Page, live: Live) -> None:
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    text_of(admin).press_sequentially("p")
    offered = admin.get_by_role("option", name="profile@visits.count")
    expect(offered).to_be_visible()
    held: list[Route] = []
    admin.route("**/complete/", lambda route: held.append(route))
    with admin.expect_request(lambda asked: '"profile@visits.c"' in (asked.post_data or "")):
        admin.keyboard.type("rofile@visits.c")

    admin.keyboard.press("ArrowDown")
    offered.evaluate("option => option.toggleAttribute('data-before')")
    held[-1].continue_()

    expect(admin.locator("[data-before]")).to_have_count(0)
    expect(offered).to_have_attribute("aria-selected", "true")
    admin.keyboard.press("Enter")
    expect(text_of(admin)).to_have_value("profile@visits.count ")


def test_lists_are_filtered_by_conditions(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/profiles/profile/")
    bar = admin.get_by_label("Condition", exact=True)
    bar.press_sequentially("profile@visitz.count > 2")
    bar.press("Escape")
    bar.press("Enter")
    expect(admin.locator(".cdp-problem[role=status]")).to_contain_text("There is no field profile@visitz.count.")
    shoot("query-mistake")
    admin.locator(".cdp-problem[role=status]").get_by_role("button").click()
    bar.press("Escape")
    bar.press("Enter")
    admin.wait_for_url(re.compile("condition=profile%40visits.count"))
    expected = live.rows("SELECT count(*) AS n FROM profiles_profile WHERE visit_count > 2")[0]["n"]
    expect(admin.locator(".cdp-pages")).to_contain_text(f"{expected} profiles")
    shoot("query-profiles")

    admin.goto(f"{live.address}/admin/events/event/?condition=event%40properties.value+%3E")
    expect(admin.locator(".cdp-empty")).to_contain_text("the condition was not answered")
    shoot("query-not-answered")


def test_without_the_editor_a_segment_is_written_as_text(admin: Page, live: Live) -> None:
    admin.route("**/cdp/condition/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    admin.get_by_label("Name").fill("Plain")
    text_of(admin).fill("profile@visits.count>=2")
    admin.get_by_role("button", name="Save", exact=True).click()
    admin.wait_for_url(re.compile("/segment/$"))

    rows = live.rows("SELECT condition FROM segments_segment WHERE key = 'plain'")
    assert rows == [{"condition": "profile@visits.count >= 2"}]
