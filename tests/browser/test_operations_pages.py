"""The pages of whoever runs the platform in a real browser: keys of programs, and tasks."""

import re
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


def test_a_key_is_made_shown_once_and_lets_a_program_in(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="API keys").click()
    shoot("keys-none")
    admin.locator("a[href='/admin/core/apikey/add/']").first.click()
    admin.get_by_label("Name").fill("CRM")
    admin.get_by_label("Read profiles, their events and segments").check()
    admin.get_by_label("Export all data of a person").check()
    shoot("key-add")
    admin.get_by_role("button", name="Save", exact=True).click()

    shown = admin.get_by_text("Copy the key now")
    expect(shown).to_be_visible()
    shoot("key-made")
    key = re.search(r"cdp_\w+_[\w-]+", shown.inner_text())
    assert key
    request = Request(f"{live.address}/api/profiles", headers={"Authorization": f"Bearer {key[0]}"})
    with urlopen(request, timeout=60) as answer:
        assert answer.status == 200
    admin.get_by_role("link", name="CRM").first.click()
    expect(admin.get_by_label("Export all data of a person")).to_be_checked()
    shoot("key")
    assert key[0] not in admin.content()


# A worker whose rows take a while; of a hundred of them three fail.
WORK = """
from dataclasses import replace
from django.utils import timezone
from apps.core import tasks
from apps.core.task_journal import Failure
from apps.events.backfill.selection import TRAITS

def step(task):
    n = task.page(100)
    failures = [Failure(f"018f-{task.progress + each}", "its properties are no object") for each in range(n // 30)]
    said = [f"{task.progress + n:,} events are done."]
    return tasks.Step(n, task.progress + n >= 20_000, total=20_000, log=said, failures=failures)

kind = replace(tasks.kinds[TRAITS], step=step, budget=tasks.Budget(share=1.0))
tasks.kind_of = lambda _: kind
task = tasks.create(TRAITS, params={"type": "x"}, requested_by="anna", now=timezone.now(), max_rate=100)
print(task.pk, flush=True)
while tasks.run(task.pk, secs=5) or tasks.Task.objects.unfinished().exists():
    pass
"""


def test_a_task_is_watched_paused_let_go_on_and_cancelled(admin: Page, live: Live, shoot: Shoot) -> None:
    worker = live.start_python("tasks", "-c", WORK)
    try:
        wait_for(lambda: "\n" in live.log("tasks").read_text(), "the task")
        task = live.log("tasks").read_text().strip()
        admin.goto(f"{live.address}/admin/core/task/")
        expect(admin.locator("#result_list")).to_contain_text("a second")
        shoot("tasks")
        admin.goto(f"{live.address}/admin/core/task/{task}/change/")
        expect(admin.locator(".cdp-task")).to_contain_text("rows a second, 100 at most")
        expect(admin.locator(".cdp-task")).not_to_contain_text("not known yet")
        shoot("task-running")

        admin.get_by_role("button", name="Pause").click()
        expect(admin.get_by_text("The task was paused.")).to_be_visible()
        expect(admin.locator("#task-log p").first).to_contain_text("Paused by admin.")
        shoot("task-paused")
        admin.get_by_role("button", name="Go on").click()
        expect(admin.locator("#task-log")).to_contain_text("Let go on by admin.")

        with admin.expect_download() as sent:
            # Pressed for longer than it takes until this part of the page is drawn anew.
            admin.get_by_role("link", name="Download as CSV").click(delay=2_500)
        assert "018f-0,its properties are no object" in sent.value.path().read_text()

        admin.get_by_role("link", name="Cancel…").click()
        shoot("task-cancel")
        admin.get_by_role("button", name="Cancel the task").click()
        expect(admin.get_by_text("The task was cancelled.")).to_be_visible()
        expect(admin.get_by_role("button", name="Go on")).to_have_count(0)
        shoot("task-cancelled")
    finally:
        worker.kill()
        worker.wait()


def test_a_page_that_is_open_says_that_jobs_wait_for_nobody(admin: Page, live: Live, shoot: Shoot) -> None:
    live.manage("shell", "--no-imports", "-c", "from apps.segments.jobs import nudge; nudge()")
    admin.goto(f"{live.address}/admin/profiles/profile/")

    expect(admin.locator(".cdp-above")).to_contain_text(
        re.compile(r"No worker listens\. Start worker( and \w+)*: make up, systemd and compose do so by themselves")
    )
    shoot("queue-warning")
    admin.get_by_role("link", name="Look at the queues").click()
    expect(admin.get_by_role("row").filter(has_text="default")).to_contain_text("no worker")
    shoot("queues-without-worker")


def test_a_task_tells_what_it_does_for_whom(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/computedtrait/add/")
    admin.get_by_label("Name").fill("Orders")
    admin.get_by_label("Key").fill("orders")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator("#result_list")).to_contain_text("Orders")
    admin.goto(f"{live.address}/admin/core/task/")
    admin.locator("#result_list tbody tr a").first.click()
    expect(admin.locator(".cdp-head")).to_contain_text("Compute traits")
    shoot("task-waiting")


def test_a_reevaluation_is_begun_and_watched(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Re-evaluation runs").click()
    admin.get_by_role("link", name="Run now").first.click()
    expect(admin.get_by_text("Re-evaluate everybody now?").first).to_be_visible()
    shoot("reevaluation-now")
    admin.get_by_role("button", name="Run now").click()

    expect(admin.locator("#result_list")).to_contain_text("Everybody, as time goes by")
    shoot("reevaluations")
    admin.get_by_role("link", name="Tasks").click()
    expect(admin.get_by_role("row").filter(has_text="Everybody, as time goes by")).to_contain_text("Running")
    shoot("tasks-also-under-way")
    admin.get_by_role("link", name="Evaluate segments: Everybody, as time goes by").click()
    admin.go_back()
    admin.go_back()
    admin.locator("#result_list tbody tr a").first.click()
    expect(admin.get_by_text("Starts that found it under way")).to_be_visible()
    shoot("reevaluation")
