"""Consents and privacy in a real browser: set up, erase, certify, look back."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


def track(live: Live, source_id: str, session: str, *events: dict[str, Any]) -> str:
    """Send events as a browser does, and return whose they are."""
    ids = {"source": {"id": source_id}, "session": {"id": session}}
    body = json.dumps({**ids, "events": events}).encode()
    request = Request(f"{live.address}/track", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["profile"]["id"])


def decide(live: Live, source_id: str, session: str, *, is_granted: bool) -> None:
    """Send a decision until it counts: the other process of the web server learns of new consent types by the clock."""
    decision = {"type": "consent-update", "properties": {"consents": {"letters": is_granted}}}

    def is_decided() -> bool:
        profile_id = track(live, source_id, session, decision)
        query = "SELECT id FROM profiles_consentdecision WHERE profile_id = %s AND is_granted = %s"
        return bool(live.rows(query, profile_id, is_granted))

    wait_for(is_decided, "a decision")


@pytest.fixture
def carla(live: Live) -> str:
    """The profile id of Carla, who asked to be forgotten."""
    facts = {"pk": "C-9000", "email": {"main": "carla@example.com"}, "firstname": "Carla", "lastname": "Costa"}
    sign_up = {"type": "sign-up", "properties": facts}
    return track(live, live.source("Carla's shop")["id"], "carlas-phone", {"type": "page-view"}, sign_up)


def test_consents_and_rules_are_set_up(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Consent types").click()
    admin.locator("a[href='/admin/profiles/consenttype/add/']").first.click()
    admin.get_by_label("Name").fill("Letters")
    admin.get_by_role("textbox", name="Id").fill("letters")
    admin.get_by_label("Text").fill("You may write to me once a month.")
    shoot("consent-type-add")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.locator("#id_valid_days")).to_be_visible()
    shoot("consent-type")
    source_id = live.source("Dora's shop")["id"]
    for is_granted in (True, False):
        decide(live, source_id, "doras-phone", is_granted=is_granted)
    admin.goto(f"{live.address}/admin/profiles/consentdecision/")
    expect(admin.locator("#result_list")).to_contain_text("withdrawn")
    shoot("decisions")
    admin.locator("#result_list tbody tr a").first.click()
    expect(admin.get_by_text("You may write to me once a month.")).to_be_visible()
    shoot("decision")

    admin.goto(f"{live.address}/admin/events/compliancerule/add/")
    admin.get_by_label("Name").fill("Addresses")
    admin.locator("#id_event_type").select_option(
        "message-sent"
    )  # other tests send addresses of people who agreed to nothing
    admin.get_by_label("Path").fill("email")
    admin.get_by_label("Letters").check()
    shoot("compliance-rule-add")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator("#result_list")).to_contain_text("event@properties.email")
    shoot("compliance-rules")

    admin.goto(f"{live.address}/admin/events/source/")
    admin.get_by_role("link", name="Sample shop").click()
    expect(admin.get_by_label("Letters")).to_be_visible()
    shoot("source-consents")


def test_a_person_is_erased_and_it_is_certified(admin: Page, live: Live, shoot: Shoot, carla: str) -> None:
    admin.goto(f"{live.address}/admin/profiles/profile/{carla}/change/")
    shoot("profile-privacy")
    admin.get_by_role("link", name="Export").click()
    expect(admin.locator(".cdp-panel")).to_contain_text("Visits: when")
    shoot("export")
    admin.go_back()

    admin.get_by_role("link", name="Erase").click()
    expect(admin.locator(".cdp-panel")).to_contain_text("This cannot be undone")
    shoot("erase")
    admin.get_by_label("Reference").fill("Letter of 3 May")
    admin.get_by_role("button", name="Yes, erase").click()

    # On a busy machine the last of it is left to a worker.
    expect(admin.locator("body")).to_contain_text(re.compile("It is done|the rest follows in the background"))
    shoot("privacy-request")
    # Asked for, not clicked: the browser would call the page that becomes a download aborted.
    address = admin.get_by_role("link", name="Certificate").get_attribute("href")
    assert "Letter of 3 May" in admin.request.get(f"{live.address}{address}").text()
    admin.goto(f"{live.address}/admin/profiles/privacyrequest/")
    shoot("privacy-requests")

    admin.goto(f"{live.address}/admin/profiles/erasedid/?q=carla@example.com")
    expect(admin.locator("#result_list tbody tr")).to_have_count(1)
    shoot("tombstone-found")
    admin.goto(f"{live.address}/admin/core/auditentry/")
    expect(admin.locator("#result_list")).to_contain_text("erased")
    shoot("audit-log")
