"""Consents in a real browser: asked for in a segment, shown on a person's page, recorded and withdrawn by hand."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


@pytest.fixture
def anna(live: Live) -> str:
    """The page of somebody who is known, and was not asked yet."""
    query = "SELECT id FROM profiles_profile WHERE NOT is_anonymous AND consents = '{}' ORDER BY id LIMIT 1"
    return f"{live.address}/admin/profiles/profile/{live.rows(query)[0]['id']}/change/"


def card(page: Page) -> Locator:
    return page.locator(".cdp-consent").filter(has_text="Marketing e-mails")


def record(page: Page, what: str, *, reference: str) -> None:
    page.get_by_label(what).check()
    page.get_by_label("Reference").fill(reference)
    page.get_by_role("button", name="Record").click()


def test_a_decision_is_recorded_changed_and_withdrawn(admin: Page, live: Live, shoot: Shoot, anna: str) -> None:
    admin.goto(anna)
    expect(card(admin)).to_contain_text("never asked")
    shoot("person-never-asked")
    card(admin).get_by_role("link", name="Record a decision").click()
    expect(admin.get_by_label("They agree")).to_be_checked()
    admin.get_by_role("button", name="Record").click()
    expect(admin.locator("#id_reference:invalid")).to_be_focused()
    shoot("consent-without-reference")

    record(admin, "They agree", reference="Letter of 3 May")
    expect(card(admin)).to_contain_text(re.compile(r"given\s+since .*Recorded by \w+ \(Letter of 3 May\)", re.DOTALL))
    card(admin).get_by_text("Wording, version 1").click()
    expect(card(admin)).to_contain_text("The shop may write to me")
    shoot("person-given")

    card(admin).get_by_role("link", name="Withdraw").click()
    expect(admin.get_by_label("They withdraw, or do not agree")).to_be_checked()
    shoot("consent-withdraw")
    admin.set_viewport_size({"width": 390, "height": 844})
    shoot("consent-withdraw-390")
    record(admin, "They withdraw, or do not agree", reference="Call 17")
    expect(card(admin)).to_contain_text(re.compile(r"withdrawn\s+since .*Recorded by \w+ \(Call 17\)", re.DOTALL))
    card(admin).scroll_into_view_if_needed()
    shoot("person-withdrawn-390")
    admin.set_viewport_size({"width": 1440, "height": 900})
    shoot("person-withdrawn")

    admin.get_by_role("link", name="All decisions").click()
    rows = admin.locator("#result_list tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("withdrawn")
    shoot("decisions-of-a-person")
    rows.first.locator("a").first.click()
    expect(admin.locator("body")).to_contain_text("Call 17")
    shoot("decision-by-hand")


def test_a_consent_is_asked_for_in_a_row_of_its_own(admin: Page, live: Live, shoot: Shoot, anna: str) -> None:
    admin.goto(f"{live.address}/admin/segments/segment/add/")
    text, builder = admin.locator("#id_condition"), admin.locator(".cdp-builder")
    admin.get_by_label("Name").fill("Not withdrawn")
    builder.get_by_role("button", name="+ Consent").click()
    row = builder.locator(".cdp-row-consent")
    row.get_by_label("Consent", exact=True).select_option("Marketing e-mails")
    expect(text).to_have_value('CONSENTED("marketing-email")')
    row.get_by_label("What was decided").select_option("Was never asked for")
    expect(text).to_have_value('NEVER ASKED("marketing-email")')
    row.get_by_label("What was decided").select_option("Has not withdrawn")
    expect(text).to_have_value('NOT WITHDREW("marketing-email")')
    shoot("segment-consent")
    admin.set_viewport_size({"width": 390, "height": 844})
    row.scroll_into_view_if_needed()
    shoot("segment-consent-390")
    admin.set_viewport_size({"width": 1440, "height": 900})

    text.fill("profile@consents.marketing-email EXISTS")
    complaint = admin.locator(".cdp-condition .cdp-problem").first
    expect(complaint).to_contain_text("The field of a consent is not compared")
    shoot("segment-bare-consent")
    complaint.get_by_text('CONSENTED("marketing-email")').click()
    expect(text).to_have_value('CONSENTED("marketing-email")')
    expect(builder.locator(".cdp-row-consent").get_by_label("What was decided")).to_have_value("given")
    expect(admin.locator("[data-count] strong")).to_have_text(re.compile(r"^[1-9]\d*$"))
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator("#result_list")).to_contain_text("Not withdrawn")


def test_a_day_that_is_half_typed_is_not_taken_for_today_and_a_letter_needs_no_time(
    admin: Page, live: Live, shoot: Shoot
) -> None:
    query = "SELECT id FROM profiles_profile WHERE NOT is_anonymous AND consents = '{}' ORDER BY id DESC LIMIT 1"
    someone = live.rows(query)[0]["id"]
    decisions = "SELECT FROM profiles_consentdecision WHERE profile_id = %s"
    admin.goto(f"{live.address}/admin/profiles/profile/{someone}/change/")
    card(admin).get_by_role("link", name="Record a decision").click()

    for field, typed in (("Day on which they decided", "0231"), ("Time, if it is known", "11")):
        place = admin.get_by_label(field)
        place.fill("")
        place.press_sequentially(typed)
        record(admin, "They agree", reference="Letter")
        expect(place).to_be_focused()
        assert place.evaluate("input => input.validity.badInput")
        shoot(f"consent-half-typed-{typed}")
        admin.reload()
    assert live.rows(decisions, someone) == []

    admin.get_by_label("Day on which they decided").fill("2026-01-15")
    record(admin, "They agree", reference="Letter")
    expect(card(admin)).to_contain_text(re.compile(r"since\s+15 Jan 2026"))
