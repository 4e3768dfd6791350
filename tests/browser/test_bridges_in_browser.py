"""What an engineer does about bridges in a real browser, with a real broker and a real process that reads."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import fits
from tests.live import Live, live_platform, wait_for
from tests.systems.valkey import PASSWORD, ValkeyServer, valkey_server

pytestmark = pytest.mark.xdist_group("live of bridges")

Shoot = Callable[[str], None]
STREAM = "orders-of-the-shop"


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """A platform that may reach a broker on this machine, which no other test's may."""
    with live_platform(has_pages=True, EGRESS_ALLOWED_NETWORKS="127.0.0.0/8") as platform:
        yield platform


@pytest.fixture(scope="module")
def logins() -> dict[str, object]:
    """Cookies of this platform alone."""
    return {}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A broker with messages of a shop, and one that is none."""
    with valkey_server(tmp_path / "valkey") as running:
        for number in range(8):
            said = {
                "type": "order-placed",
                "customer": f"c-{number}",
                "total": number * 10,
                "at": "2026-05-01T12:00:00Z",
            }
            running.client.xadd(STREAM, {"body": json.dumps(said), "shop": "berlin"})
        running.client.xadd(STREAM, {"body": b"\xff\x00 no JSON"})
        yield running


def test_a_bridge_is_made_tried_watched_sent_back_and_deleted(
    admin: Page, live: Live, shoot: Shoot, broker: ValkeyServer
) -> None:
    _connect(admin, live, broker)
    admin.goto(f"{live.address}/admin/")
    admin.locator("a[href='/admin/inbound/bridge/']").first.click()
    shoot("bridges-none")
    admin.locator("a[href='/admin/inbound/bridge/add/']").first.click()
    expect(admin.get_by_text("Where do the events come from?").first).to_be_visible()
    shoot("bridge-kinds")
    admin.get_by_role("link", name=re.compile("Redis")).click()

    _fill_in(admin, shoot)
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    expect(admin.get_by_text("No process reads for it")).to_be_visible()
    shoot("bridge-does-not-run")
    admin.get_by_role("link", name=re.compile(r"\bTest$")).click()
    expect(admin.get_by_role("button", name="Test it", exact=True)).to_be_visible()
    admin.evaluate("addEventListener('submit', (sent) => sent.preventDefault())")  # as if the answer took long
    admin.get_by_role("button", name="Test it", exact=True).click()
    expect(admin.get_by_role("button", name="Testing…")).to_be_disabled()
    admin.reload()
    admin.get_by_role("button", name="Test it", exact=True).click()
    expect(admin.get_by_text("Orders can read.")).to_be_visible()
    shoot("bridge-tried")
    admin.get_by_role("link", name="Back").click()

    # The page follows without being loaded again.
    live.start("bridges")
    expect(admin.locator(".cdp-bridge .cdp-badge").first).to_have_text("connected")
    expect(admin.locator(".cdp-bridge .cdp-facts a")).to_have_text("1")
    expect(admin.locator(".cdp-bridge .cdp-table")).to_contain_text("9")
    shoot("bridge-reads")
    wait_for(lambda: len(live.rows("SELECT FROM events_event WHERE type = 'order-placed'")) == 8, "the events")
    _look_around(admin, live, shoot)
    _rest_and_go_back(admin, shoot)
    _see_what_could_not_be_taken(admin, shoot)

    _on_a_phone(admin, live, shoot)

    admin.goto(f"{live.address}/admin/inbound/bridge/")
    shoot("bridges")
    admin.locator("#result_list").get_by_role("link", name="Orders", exact=True).first.click()
    admin.get_by_role("link", name="Delete").click()
    shoot("bridge-delete")
    admin.locator("#id_name").fill("Orders")
    admin.get_by_role("button", name="Delete", exact=True).click()
    expect(admin.get_by_text("was deleted successfully")).to_be_visible()
    assert live.rows("SELECT FROM inbound_bridge") == []


def _connect(admin: Page, live: Live, broker: ValkeyServer) -> None:
    admin.goto(f"{live.address}/admin/bridges/connection/add/?kind=redis")
    admin.locator("[name=name]").fill("Broker")
    admin.locator("[name=live_host]").fill("127.0.0.1")
    admin.locator("[name=live_port]").fill(str(broker.port))
    admin.locator("[name=live_password]").fill(PASSWORD)
    admin.locator("[name=live_security]").select_option("none")
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()


def _fill_in(admin: Page, shoot: Shoot) -> None:
    # What is only there beside some choice is hidden until then.
    expect(admin.locator("[name=settings_lists]")).to_be_hidden()
    shoot("bridge-add")
    admin.locator("[name=name]").fill("Orders")
    admin.locator("[name=connection]").select_option(label="Broker")
    admin.get_by_role("button", name="List what there is to read").click()
    expect(admin.locator("#bridge-preview")).to_contain_text(STREAM)
    admin.locator("[name=settings_keys]").fill(STREAM)
    admin.get_by_role("button", name="Show five messages").click()
    expect(admin.locator("#bridge-preview .cdp-sampled")).to_have_count(5)
    shoot("bridge-unmapped")
    admin.locator("[name=mapping_event_type]").fill("message@body.type")
    admin.locator("[name=mapping_user_id]").fill("message@body.customer")
    admin.locator("[name=mapping_time]").fill("message@body.at")
    admin.locator("[name=mapping_shape]").scroll_into_view_if_needed()
    shoot("bridge-mapping")
    admin.get_by_role("button", name="Show five messages").click()
    expect(admin.locator("#bridge-preview .cdp-sampled")).to_have_count(5)
    expect(admin.locator("#bridge-preview")).not_to_contain_text("No event yet")
    expect(admin.locator("#bridge-preview")).to_contain_text("c-7")
    admin.locator("#bridge-preview").scroll_into_view_if_needed()
    shoot("bridge-preview")


def _look_around(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.locator(".field-source a, a.cdp-link").first.wait_for()
    [source] = live.rows("SELECT id FROM events_source WHERE name = 'Orders'")
    admin.goto(f"{live.address}/admin/events/source/{source['id']}/change/")
    expect(admin.locator(".cdp-going")).to_contain_text("Orders")
    expect(admin.locator("[name=allowed_origins]")).to_be_hidden()
    shoot("source-of-bridge")
    admin.goto(f"{live.address}/admin/events/source/")
    expect(admin.locator("#result_list")).to_contain_text("connected")
    shoot("sources-with-bridges")
    admin.goto(f"{live.address}/admin/inbound/bridge/")
    admin.locator("#result_list").get_by_role("link", name="Orders", exact=True).first.click()


def _rest_and_go_back(admin: Page, shoot: Shoot) -> None:
    admin.get_by_role("link", name=re.compile(r"\bPause$")).click()
    shoot("bridge-pause")
    admin.get_by_role("button", name="Pause it").click()
    expect(admin.get_by_text("Orders is paused.")).to_be_visible()
    expect(admin.locator(".cdp-bridge .cdp-badge").first).to_have_text("paused")
    admin.get_by_role("link", name=re.compile(r"\bSeek$")).click()
    admin.get_by_label("The beginning").check()
    shoot("bridge-seek")
    admin.get_by_role("button", name="Read on from there").click()
    expect(admin.get_by_text("It is about to read on from the beginning.")).to_be_visible()
    admin.get_by_role("link", name=re.compile(r"\bResume$")).click()
    shoot("bridge-resume")
    admin.get_by_role("button", name="Resume it").click()
    expect(admin.locator(".cdp-bridge .cdp-badge").first).to_have_text("connected")
    expect(admin.get_by_text("It is about to read on")).to_have_count(0)


def _on_a_phone(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.set_viewport_size({"width": 400, "height": 900})
    [row] = live.rows("SELECT id FROM inbound_bridge")
    address = f"{live.address}/admin/inbound/bridge"
    for name, path in {
        "list": "",
        "kinds": "/add",
        "page": f"/{row['id']}/change",
        "seek": f"/{row['id']}/seek",
    }.items():
        admin.goto(f"{address}{path}/")
        shoot(f"bridge-phone-{name}")
        fits(admin)
    admin.goto(f"{address}/{row['id']}/change/")
    admin.get_by_role("button", name="Show five messages").click()
    expect(admin.locator("#bridge-preview .cdp-sampled")).to_have_count(5)
    admin.locator(".cdp-bridge-preview").scroll_into_view_if_needed()
    shoot("bridge-phone-preview")
    admin.set_viewport_size({"width": 1440, "height": 900})


def _see_what_could_not_be_taken(admin: Page, shoot: Shoot) -> None:
    admin.locator(".cdp-bridge .cdp-facts a").click()
    shoot("bridge-dead-letters")
    admin.locator("#result_list tbody").get_by_role("link").first.click()
    expect(admin.get_by_text("0000  ff 00 20 6e")).to_be_visible()
    shoot("bridge-dead-letter")
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == b"\xff\x00 no JSON"
    admin.get_by_role("link", name=re.compile("Try again$")).click()
    shoot("bridge-dead-letter-retry")
    admin.get_by_role("button", name="Try again").click()
    expect(admin.get_by_text("1 message still cannot be taken")).to_be_visible()
    admin.get_by_role("link", name=re.compile("Delete$")).click()
    shoot("bridge-dead-letter-delete")
    admin.get_by_role("button", name="Delete", exact=True).click()
    expect(admin.get_by_text("1 message was deleted.")).to_be_visible()
