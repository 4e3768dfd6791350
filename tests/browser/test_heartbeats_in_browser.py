"""Heartbeats in a real browser: made in words, looked at before they speak, run, changed and deleted."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
LIST = "/admin/heartbeats/heartbeat/"
GONE = (
    "from datetime import timedelta; from django.utils import timezone; from apps.heartbeats import definitions; "
    "from apps.heartbeats.models import Heartbeat; definitions.save(Heartbeat(name='Gone for a month', "
    "strategy='inactive-profile', wait_period=timedelta(days=30), first_run='all'), now=timezone.now())"
)


def settled(page: Page) -> None:
    """Wait until a form says in words what it is about."""
    expect(page.locator(".cdp-in-words")).to_contain_text("When ")


def heartbeat(live: Live, name: str) -> dict[str, Any]:
    (row,) = live.rows("SELECT * FROM heartbeats_heartbeat WHERE name = %s", name)
    return row


def forget(live: Live, name: str) -> None:
    """Leave nothing of a heartbeat to other tests."""
    own = "SELECT id FROM heartbeats_heartbeat WHERE name = %s"
    live.rows(f"DELETE FROM heartbeats_heartbeatrun WHERE heartbeat_id IN ({own}) RETURNING id", name)
    live.rows("DELETE FROM heartbeats_heartbeat WHERE name = %s RETURNING id", name)


def listed(page: Page) -> Locator:
    return page.locator("#result_list tbody tr").filter(has_text="Gone for a month")


@pytest.fixture
def silent(live: Live) -> int:
    """Let people be silent for forty days, and say how many they are."""
    some = "SELECT id FROM profiles_profile WHERE NOT is_anonymous ORDER BY id LIMIT 12"
    age = "UPDATE profiles_profile SET last_active_at = now() - interval '40 days' WHERE id IN (%s) RETURNING id"
    return len(live.rows(age % some))


@pytest.fixture
def gone(live: Live, silent: int) -> Iterator[str]:
    """Make a heartbeat that is on, and return the address of its page."""
    live.manage("shell", "--no-imports", "-c", GONE)
    live.rows("DELETE FROM events_event WHERE type = 'profile-inactive' RETURNING id")  # of other tests
    yield f"{live.address}{LIST}{heartbeat(live, 'Gone for a month')['id']}/change/"
    forget(live, "Gone for a month")


def test_a_heartbeat_is_made_in_words_looked_at_and_switched_on(
    admin: Page, live: Live, silent: int, shoot: Shoot
) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Heartbeats").click()
    expect(admin).to_have_title("Heartbeats | Customer data platform")
    shoot("heartbeats-of-the-sample")

    admin.locator(f"a[href='{LIST}add/']").first.click()
    words = admin.locator(".cdp-in-words")
    expect(words).to_contain_text("Say for how long nothing has to be heard")
    admin.get_by_label("Name").fill("Gone for long")
    admin.get_by_role("button", name="30 days", exact=True).click()
    expect(words).to_contain_text("When somebody has done nothing for 30 days, say profile-inactive.")
    with admin.expect_response("**/in-words/"):
        admin.get_by_label("Everybody who is silent already").check()
    admin.get_by_label("When it looks").fill("0 0 31 2 *")
    admin.get_by_label("When it looks").press("Tab")
    expect(words).to_contain_text("Such a day never comes.")
    shoot("heartbeat-add-mistake")
    admin.get_by_role("button", name="Every hour").click()
    expect(words).to_contain_text(re.compile(r"Looks every hour: next \w+ \d+ \w+ \d\d:00, .*\(UTC\)"))
    admin.set_viewport_size({"width": 1440, "height": 2200})
    shoot("heartbeat-add")
    admin.set_viewport_size({"width": 420, "height": 900})
    shoot("heartbeat-add-narrow")
    admin.set_viewport_size({"width": 1440, "height": 900})

    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_role("heading", name="Switch Gone for long on?")).to_be_visible()
    expect(admin.locator(".cdp-figures")).to_contain_text(f"{silent} people")
    expect(admin.get_by_role("table", name="For example").locator("tbody tr")).to_have_count(10)
    shoot("heartbeat-switch-on")
    assert not heartbeat(live, "Gone for long")["is_enabled"]
    admin.get_by_role("button", name="Switch it on").click()
    expect(admin.get_by_text("Gone for long is on.")).to_be_visible()
    settled(admin)
    assert heartbeat(live, "Gone for long")["is_enabled"]
    forget(live, "Gone for long")


def test_a_heartbeat_is_run_and_leads_to_what_it_said(
    admin: Page, live: Live, gone: str, silent: int, shoot: Shoot
) -> None:
    admin.goto(gone)
    settled(admin)
    admin.get_by_role("link", name="Run now").click()
    expect(admin.get_by_role("heading", name="Run Gone for a month now?")).to_be_visible()
    person = admin.get_by_role("table", name="For example").get_by_role("link").first.inner_text()
    shoot("heartbeat-run-now")
    admin.get_by_role("button", name="Run it now").click()
    expect(admin.get_by_text("runs within a minute")).to_be_visible()
    settled(admin)
    live.manage("heartbeat")
    live.wait_until_drained()
    admin.reload()
    settled(admin)
    run = admin.locator(".cdp-runs tbody tr")
    expect(run).to_have_count(1)
    expect(run).to_contain_text("By hand: admin")
    shoot("heartbeat")
    run.scroll_into_view_if_needed()
    shoot("heartbeat-history")

    run.get_by_role("link", name=str(silent), exact=True).click()
    expect(admin.locator("#result_list tbody tr")).to_have_count(silent)
    shoot("heartbeat-events")
    admin.get_by_role("link", name=person).first.click()
    silence = admin.locator(".cdp-panel").filter(has=admin.get_by_role("heading", name="Silence"))
    expect(silence).to_contain_text(re.compile(r"was called inactive (just now|\d+.minutes? ago)"))
    shoot("heartbeat-person")
    silence.get_by_role("link", name="Gone for a month").click()
    settled(admin)
    admin.get_by_role("link", name="All runs of the last 30 days").click()
    expect(admin.locator("#result_list tbody tr")).to_have_count(1)
    shoot("heartbeat-runs")
    admin.locator("#result_list tbody tr").get_by_role("link").first.click()
    expect(admin.locator(".cdp-panel").filter(has_text="Figures")).to_contain_text("silent for long enough")
    shoot("heartbeat-run")


def test_a_heartbeat_is_changed_switched_off_looked_at_and_deleted(
    admin: Page, live: Live, gone: str, silent: int, shoot: Shoot
) -> None:
    live.manage("heartbeat", "Gone for a month")
    admin.goto(gone)
    settled(admin)
    admin.get_by_label("For how long").fill("90 days")  # told while it is typed, before the field is left
    expect(admin.locator(".cdp-in-words")).to_contain_text("If you save this, counting begins anew")
    shoot("heartbeat-anew")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("Counting begins anew")).to_be_visible()
    shoot("heartbeats")
    admin.set_viewport_size({"width": 420, "height": 900})
    shoot("heartbeats-narrow")
    admin.set_viewport_size({"width": 1440, "height": 900})

    listed(admin).get_by_role("link", name="Switch off").click()
    shoot("heartbeat-switch-off")
    admin.get_by_role("button", name="Switch it off").click()
    expect(admin.get_by_text("Gone for a month is off.")).to_be_visible()
    settled(admin)
    assert not heartbeat(live, "Gone for a month")["is_enabled"]

    admin.goto(f"{live.address}{LIST}")
    listed(admin).get_by_role("link", name="Dry run").click()
    expect(admin.get_by_role("heading", name="Dry run: Gone for a month")).to_be_visible()
    shoot("heartbeat-dry-run")
    admin.goto(gone.replace("/change/", "/delete/"))
    expect(admin.get_by_text(f"Its {silent} notes of whom it has spoken")).to_be_visible()
    shoot("heartbeat-delete")
    admin.get_by_label("To delete it, type its name").fill("Gone for a month")
    admin.get_by_role("button", name="Delete", exact=True).click()
    admin.wait_for_url(re.compile("/heartbeat/$"))
    expect(listed(admin)).to_have_count(0)


def test_a_choice_brings_what_is_usual_and_a_sessions_page_tells_when_it_is_closed(
    admin: Page, live: Live, shoot: Shoot
) -> None:
    recent = "UPDATE cdp_sessions_session SET last_active_at = now() WHERE id = (%s) RETURNING id"
    any_open = "SELECT id FROM cdp_sessions_session WHERE status <> 'ended' AND NOT is_bot ORDER BY id DESC LIMIT 1"
    (session,) = live.rows(recent % any_open)
    admin.goto(f"{live.address}{LIST}add/")
    words = admin.locator(".cdp-in-words")
    expect(words).to_contain_text("Say for how long")
    admin.get_by_label("Name").fill("Close what is left open")
    expect(admin.get_by_label("Never again")).to_be_checked()
    with admin.expect_response("**/in-words/"):
        admin.get_by_label("Sessions that were not closed").check()
    expect(admin.get_by_label("After each new silence")).to_be_checked()
    admin.get_by_label("For how long").fill("100 minutes")
    admin.get_by_label("For how long").press("Tab")
    expect(words).to_contain_text("in an open session for 100 minutes, close it, and say session-closed.")
    admin.get_by_role("button", name="Save", exact=True).click()
    admin.get_by_role("button", name="Switch it on").click()
    expect(admin.get_by_text("Close what is left open is on.")).to_be_visible()
    settled(admin)

    admin.goto(f"{live.address}/admin/cdp_sessions/session/{session['id']}/change/")
    silence = admin.locator(".cdp-panel").filter(has=admin.get_by_role("heading", name="Silence"))
    expect(silence).to_contain_text(re.compile("will be closed in 1.hour"))
    shoot("heartbeat-session")
    forget(live, "Close what is left open")


def test_who_is_left_out_is_told_so_and_the_history_tells_what_was_done(
    admin: Page, live: Live, gone: str, silent: int, shoot: Shoot
) -> None:
    live.rows("UPDATE heartbeats_heartbeat SET first_run = 'ripening' WHERE name = %s RETURNING id", "Gone for a month")
    admin.goto(gone)
    settled(admin)
    admin.get_by_role("link", name="Dry run").click()
    left_out = admin.get_by_role("heading", name="Left out, for example: nothing would be said of them")
    expect(left_out).to_be_visible()
    shoot("heartbeat-left-out")
    admin.get_by_role("table", name="Left out").get_by_role("link").first.click()
    silence = admin.locator(".cdp-panel").filter(has=admin.get_by_role("heading", name="Silence"))
    expect(silence).to_contain_text("left out: silent for that long already when it began to count")
    silence.scroll_into_view_if_needed()
    shoot("heartbeat-person-left-out")

    admin.goto(gone.replace("/change/", "/switch-off/"))
    admin.get_by_role("button", name="Switch it off").click()
    expect(admin.get_by_text("Gone for a month is off.")).to_be_visible()
    settled(admin)
    admin.goto(gone.replace("/change/", "/history/"))
    expect(admin.get_by_text("Switched off.")).to_be_visible()
    shoot("heartbeat-changes")
