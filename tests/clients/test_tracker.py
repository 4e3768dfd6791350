"""A page that does what Tracardi's browser tracker does, at another origin: stored ids, fetch, beacons."""

import pytest
from playwright.sync_api import Browser, Page

from tests.live import Live, wait_for

pytestmark = pytest.mark.xdist_group("live")


def test_a_visitor_of_two_pages_is_one_profile_in_one_session(live: Live, shop: str, page: Page) -> None:
    source = live.source("tracker")
    address = f"{shop}/tracker.html?address={live.address}&source={source['id']}"

    page.goto(address)
    first = page.evaluate("track('page-view')")
    assert page.evaluate("beacon('text-beacon') && jsonBeacon('json-beacon')")
    page.goto(address)
    second = page.evaluate("track('page-view')")
    stored = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["tracardi-session-id"]

    told = ["json-beacon", "page-left", "page-view", "page-view", "text-beacon"]
    wait_for(lambda: len(live.events(source)) >= len(told), "the beacons")
    events = live.events(source)
    assert sorted(event["type"] for event in events) == told
    assert first["profile"]["id"] == second["profile"]["id"] == page.evaluate("JSON.parse(localStorage[PROFILE])")
    assert {str(event["profile_id"]) for event in events} == {first["profile"]["id"]}
    assert {str(event["session_id"]) for event in events} == {first["session"]["id"]} == {stored}


def test_a_page_that_sends_with_credentials_may_read_the_answer(live: Live, shop: str, page: Page) -> None:
    source = live.source("tracker-with-credentials")
    page.goto(f"{shop}/tracker.html?address={live.address}&source={source['id']}")

    sent = "fetch(`${address}/track`, {method: 'POST', body: payload('page-view'), credentials: 'include'})"
    answer = page.evaluate(f"{sent}.then(answer => answer.json())")

    (event,) = live.events(source)
    assert answer["profile"]["id"] == str(event["profile_id"])


def test_a_page_of_a_foreign_origin_is_told_so(live: Live, shop: str, browser: Browser) -> None:
    source = live.source("tracker-elsewhere", "--origin", "https://shop.example")

    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{shop}/tracker.html?address={live.address}&source={source['id']}")
        answer = page.evaluate("track('page-view')")

    assert (answer["code"], answer["field"]) == ("origin_not_allowed", "Origin")
