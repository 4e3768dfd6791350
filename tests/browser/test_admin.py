"""The admin in a real browser: each page works, none complains in the browser's console."""

import re
from collections.abc import Callable

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect

from tests.live import Live

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]


def rows(page: Page) -> Locator:
    return page.locator("#result_list tbody tr")


def test_the_home_page_tells_what_happens(admin: Page, live: Live, shoot: Shoot) -> None:
    source = {"id": live.source("Heard of just now")["id"]}
    assert admin.request.post(f"{live.address}/track", data={"source": source, "events": [{"type": "hello"}]}).ok
    admin.goto(f"{live.address}/")

    expect(admin).to_have_title("Home | Customer data platform")
    expect(admin.locator(".cdp-card")).to_have_count(5)
    expect(admin.locator(".cdp-bars div")).to_have_count(24)
    expect(admin.locator(".cdp-panels")).to_contain_text("Heard of just now")
    shoot("home")


def test_a_new_source_shows_how_to_send_to_it(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Sources").click()
    shoot("sources")
    admin.locator("a.addlink, a[href='/admin/events/source/add/']").first.click()
    admin.locator("#id_name").fill("Fan shop")
    admin.get_by_label("Allowed origins").fill("https://fans.example, *.fans.example")
    shoot("source-add")
    admin.get_by_role("button", name="Save and continue editing").click()

    expect(admin.get_by_text("was added successfully")).to_be_visible()
    source = live.rows("SELECT write_key, allowed_origins FROM events_source WHERE name = 'Fan shop'")[0]
    assert source["allowed_origins"] == ["https://fans.example", "*.fans.example"]
    expect(admin.locator(".cdp-snippet").filter(has_text=source["write_key"])).to_have_count(4)
    shoot("source")


def test_events_are_paged_through_and_filtered(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/event/")
    expect(admin).to_have_title("Events | Customer data platform")
    expect(rows(admin)).to_have_count(50)
    newest = rows(admin).first.inner_text()
    shoot("events")

    admin.get_by_role("link", name="older").click()
    expect(rows(admin)).to_have_count(50)
    expect(rows(admin).first).not_to_have_text(newest, use_inner_text=True)
    admin.get_by_role("link", name="newer").click()
    expect(rows(admin).first).to_have_text(newest, use_inner_text=True)

    admin.locator("a").filter(has_text="Filters").click()
    shoot("events-filters")
    admin.get_by_label("By type").select_option("sale-completed")
    admin.get_by_role("button", name="Apply").click()
    expect(admin).to_have_url(re.compile(r"\?(?!.*after=).*type=sale-completed"))
    expect(rows(admin)).to_have_count(50)
    assert set(rows(admin).locator(".field-type_shown").all_inner_texts()) == {"sale-completed"}


def test_an_event_leads_to_its_session_and_its_person(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/event/?type=sale-completed")
    person = rows(admin).first.locator(".field-person").inner_text()
    rows(admin).first.get_by_role("link").first.click()
    expect(admin.locator(".cdp-panel").filter(has_text="Properties")).to_contain_text("order_id")
    shoot("event")

    admin.locator("dd a[href*='/cdp_sessions/session/']").click()
    expect(admin.locator(".cdp-event").filter(has_text="sale-completed").last).to_be_visible()
    expect(admin.locator(".cdp-head")).to_contain_text(person)
    shoot("session")

    admin.locator("dd").get_by_role("link", name=person).click()
    expect(admin).to_have_title(f"{person} | View profile | Customer data platform")
    expect(admin.locator(".cdp-panel").filter(has_text="Facts")).to_contain_text("Main e-mail address")
    shoot("profile")


def test_a_timeline_goes_back_to_the_first_event(admin: Page, live: Live) -> None:
    of_people = "FROM events_event WHERE profile_id IS NOT NULL GROUP BY 1"
    busiest = live.rows(f"SELECT profile_id, count(*) AS n {of_people} ORDER BY n DESC LIMIT 1")[0]
    admin.goto(f"{live.address}/admin/profiles/profile/{busiest['profile_id']}/change/")
    expect(admin.locator(".cdp-event")).to_have_count(30)

    for n_shown in range(60, busiest["n"] + 30, 30):
        admin.get_by_role("button", name="Earlier events").click()
        expect(admin.locator(".cdp-event")).to_have_count(min(n_shown, busiest["n"]))

    expect(admin.get_by_role("button", name="Earlier events")).to_have_count(0)
    expect(admin.locator(".cdp-event").last).to_contain_text("profile-created")


def test_a_timeline_shows_only_events_of_a_type(admin: Page, live: Live) -> None:
    buyers = "SELECT profile_id FROM events_event WHERE type = 'sale-completed' LIMIT 1"
    admin.goto(f"{live.address}/admin/profiles/profile/{live.rows(buyers)[0]['profile_id']}/change/")

    admin.get_by_label("Only events of a type").fill("sale-completed")
    admin.get_by_label("Only events of a type").press("Enter")

    expect(admin.locator(".cdp-event").filter(has_not_text="sale-completed")).to_have_count(0)
    expect(admin.locator(".cdp-event").first).to_contain_text("sale-completed")
    expect(admin).to_have_url(re.compile("/change/$"))


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("profiles/profile/", "Profiles"),
        ("cdp_sessions/session/", "Sessions"),
        ("events/redirect/", "Select tracked link to change"),
        ("events/eventtype/", "Event types"),
        ("events/eventtype/sale-completed/change/", "sale-completed | Change event type"),
        ("events/eventtype/add/", "Add event type"),
        ("events/quarantinedevent/", "Quarantined events"),
        ("events/refusedevent/", "Refused events"),
        ("events/inboxitem/", "Inbox items"),
        ("core/task/", "Tasks"),
        ("auth/user/", "Select user to change"),
        ("auth/group/", "Select group to change"),
    ],
)
def test_a_page_opens(path: str, title: str, admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/{path}")

    expect(admin).to_have_title(f"{title} | Customer data platform")
    shoot(path.strip("/").replace("/", "-"))


def test_queues_are_looked_at_inside_the_admin(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/")
    admin.get_by_role("link", name="Queues").click()

    row = admin.get_by_role("row").filter(has_text="default")
    expect(row).to_contain_text("no worker")
    shoot("queues")


FAIL = """
from django_rq import get_queue; from rq import Queue, SimpleWorker
queue = Queue("default", connection=get_queue("default").connection)
jobs = [queue.enqueue("operator.truediv", 1, 0) for _ in range(3)]
SimpleWorker([queue], connection=queue.connection).work(burst=True)
"""


def test_failed_jobs_are_chosen_together_and_tried_again(admin: Page, live: Live, shoot: Shoot) -> None:
    live.manage("shell", "--no-imports", "-c", FAIL)
    admin.goto(f"{live.address}/admin/django_rq/dashboard/")
    expect(admin.get_by_role("row").filter(has_text="default")).to_contain_text("last: truediv: ZeroDivisionError")
    shoot("queues-failed")
    admin.get_by_role("row").filter(has_text="default").locator("a[href$='/failed/']").click()
    expect(admin.get_by_text("ZeroDivisionError: division by zero")).to_have_count(3)
    expect(admin.get_by_role("button", name="Try the chosen again")).to_be_disabled()
    shoot("queue-failed")

    admin.get_by_label("Choose all").check()
    admin.get_by_role("button", name="Try the chosen again").click()
    expect(admin.get_by_text("Try again 3 jobs of default?")).to_be_visible()
    shoot("queue-sure")
    admin.get_by_role("button", name="Yes, try again").click()
    expect(admin.get_by_text("There is none.")).to_be_visible()

    admin.get_by_role("link", name="Waiting").click()
    admin.get_by_role("link", name="truediv").first.click()
    expect(admin.get_by_text("operator.truediv")).to_be_visible()
    shoot("queue-job")
    admin.get_by_role("link", name="Delete").click()
    admin.get_by_role("button", name="Yes, delete").click()
    expect(admin.get_by_role("link", name="truediv")).to_have_count(2)
    admin.get_by_label("Choose all").check()
    admin.get_by_role("button", name="Delete the chosen").click()
    admin.get_by_role("button", name="Yes, delete").click()
    expect(admin.get_by_text("There is none.")).to_be_visible()


def test_the_api_is_described_and_can_be_tried(page: Page, live: Live) -> None:
    source = live.source("tried")
    described = yaml.safe_load(page.request.get(f"{live.address}/api/schema").text())
    tags = {tag for path in described["paths"].values() for verb in path.values() for tag in verb["tags"]}
    page.goto(f"{live.address}/api/docs")
    expect(page.locator(".opblock-tag")).to_have_count(len(tags))
    assert {"Collect", "Profiles", "Flows"} <= tags

    page.locator("#operations-Collect-track").click()
    page.get_by_role("button", name="Try it out").click()
    page.locator("#operations-Collect-track textarea").fill(
        f'{{"source": {{"id": "{source["id"]}"}}, "events": [{{"type": "tried"}}]}}'
    )
    page.get_by_role("button", name="Execute").click()

    expect(page.locator("#operations-Collect-track .live-responses-table")).to_contain_text("200")
    assert [event["type"] for event in live.events(source)] == ["tried"]
