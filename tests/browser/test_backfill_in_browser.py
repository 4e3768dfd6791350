"""A mapping that comes later, all the way in a browser: tried, started, watched, and undone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.events.jobs import COPY_TO_PROFILES
from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
TASK = re.compile(r"/admin/core/task/[\w-]+/change/$")


def lift_is_taken(admin: Page, live: Live, *floors: tuple[str, Any]) -> None:
    """Send what people did, each in a session of their own, before anybody has said what it means."""
    source = live.source("Lift")
    for name, floor in floors:
        event = {"type": "lift-taken", "properties": {"floor": floor, "name": name, "birthday": "unknown"}}
        body = {"source": {"id": source["id"]}, "session": {"id": f"lift-{name}"}, "events": [event]}
        assert admin.request.post(f"{live.address}/track", data=body).ok


def define(live: Live) -> None:
    """Say what it means."""
    live.rows(
        'INSERT INTO events_eventtype (type, name, "group", definition, overrides, policy, condition, reshape, '
        "is_builtin, is_enabled, updated_at) VALUES ('lift-taken', 'Lift taken', '', '{}', %s::jsonb, 'flag', '', "
        "'{}', false, true, now()) RETURNING type",
        '{"profile": {"traits.floor": {"equals": "properties.floor"}, "data.pii.firstname": {"equals": '
        '"properties.name"}, "data.pii.birthday": {"equals": "properties.birthday"}, "stats.lifts": {"increment": 1}}}',
    )


def floors(live: Live) -> list[Any]:
    query = "SELECT traits -> 'floor' AS floor FROM profiles_profile WHERE traits ? 'floor' ORDER BY 1"
    return [row["floor"] for row in live.rows(query)]


def test_a_mapping_is_tried_started_watched_and_undone(admin: Page, live: Live, shoot: Shoot) -> None:
    lift_is_taken(admin, live, ("Ada", 3), ("Ben", 7))
    define(live)

    admin.goto(f"{live.address}/admin/events/eventtype/lift-taken/change/")
    admin.get_by_role("link", name="Copy stored events to profiles").click()
    expect(admin.get_by_text("no flow starts")).to_be_visible()
    expect(admin.get_by_text("stats.lifts")).to_be_visible()
    shoot("backfill-form")
    admin.get_by_role("button", name="Show what would change").click()
    expect(admin.get_by_text("traits.floor").first).to_be_visible()
    expect(admin.get_by_text("Values that do not fit their field")).to_be_visible()
    shoot("backfill-dry-run")
    admin.get_by_role("button", name="Change what is asked").click()
    admin.get_by_label("Only fill fields that are empty").check()
    for shared in ("data.pii.birthday", "data.pii.firstname"):  # which the runs of other tests may work on
        admin.get_by_label(shared).uncheck()
    admin.get_by_role("button", name="Show what would change").click()
    admin.get_by_role("button", name="Start").click()
    expect(admin).to_have_url(TASK)
    shoot("backfill-waiting")
    assert floors(live) == []

    live.manage("rqworker", COPY_TO_PROFILES.name, "--burst")
    expect(admin.get_by_text("2 people").first).to_be_visible()
    shoot("backfill-done")
    assert floors(live) == [3, 7]

    admin.get_by_role("link", name="Undo what it changed").click()
    shoot("backfill-undo")
    admin.get_by_role("button", name="Yes, undo it").click()
    expect(admin).to_have_url(TASK)
    live.manage("rqworker", COPY_TO_PROFILES.name, "--burst")
    expect(admin.get_by_text("values are as they were").first).to_be_visible()
    shoot("backfill-undone")
    assert floors(live) == []


def test_the_list_of_events_leads_to_what_is_applied_to_all_that_it_finds(
    admin: Page, live: Live, shoot: Shoot
) -> None:
    admin.goto(f"{live.address}/admin/events/event/?received=week")
    shoot("backfill-from-list")
    admin.get_by_role("link", name="Apply mappings to these events").click()
    admin.get_by_label("Event type").select_option("page-view")
    admin.get_by_label("Index traits of stored events").check()
    shoot("backfill-what")
    admin.get_by_role("button", name="Go on").click()
    expect(admin.get_by_text("Arrived since")).to_be_visible()
    admin.get_by_role("button", name="Show what would change").click()
    expect(admin.get_by_text("Events that would change")).to_be_visible()
    shoot("backfill-dry-run-traits")
