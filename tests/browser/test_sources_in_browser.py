"""What a developer does about webhooks and tracked links in a real browser: made, changed, tried, and deleted."""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

Shoot = Callable[[str], None]
SAVE = "Save and continue editing"
BODY = '{"amount": 5}'


def field(admin: Page, name: str) -> Any:
    return admin.locator(f"[name={name}]")


def test_a_webhook_is_signed_refused_taken_and_deleted(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/source/add/")
    field(admin, "name").fill("Payments")
    expect(field(admin, "bots")).to_be_visible()
    expect(admin.get_by_role("heading", name="What proves a message")).to_be_hidden()
    field(admin, "kind").select_option("webhook")
    expect(field(admin, "bots")).to_be_hidden()
    expect(admin.get_by_role("heading", name="What proves a message")).to_be_visible()
    expect(field(admin, "signing_secret")).to_be_hidden()
    field(admin, "signing_scheme").select_option("hmac")
    for name in ("secret", "second_secret", "header", "signed_text"):
        expect(field(admin, f"signing_{name}")).to_be_visible()
    expect(field(admin, "signing_user")).to_be_hidden()
    expect(field(admin, "signing_verify_token")).to_be_hidden()
    field(admin, "signing_timestamp_header").fill("X-Time")
    field(admin, "allowed_networks").fill("127.0.0.0/8")
    admin.get_by_role("button", name=SAVE).click()
    expect(admin.get_by_text("This has to be filled in.")).to_be_visible()
    field(admin, "signing_prefix").scroll_into_view_if_needed()
    shoot("source-signing-refused")
    field(admin, "signing_timestamp_header").fill("")
    field(admin, "signing_secret").fill("open sesame, mountain")
    admin.get_by_role("button", name=SAVE).click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    expect(admin.get_by_text("It is kept, and not shown.").first).to_be_visible()
    expect(admin.locator(".cdp-snippet").filter(has_text="openssl dgst -sha256")).to_be_visible()
    assert "sesame" not in admin.content()

    _post(admin, live)
    field(admin, "signing_tolerance").scroll_into_view_if_needed()
    shoot("source-signing")
    admin.locator(".cdp-snippet").last.scroll_into_view_if_needed()
    shoot("source-signing-example")
    admin.get_by_role("link", name="Delete").click()
    shoot("source-delete")
    admin.locator("#id_name").fill("Payments")
    admin.get_by_role("button", name="Delete", exact=True).click()
    expect(admin.get_by_text("was deleted successfully")).to_be_visible()


def _post(admin: Page, live: Live) -> None:
    """Send a message that is not signed, one that is, and, once the form says so, one that a stranger signs."""
    [source] = live.rows("SELECT id FROM events_source WHERE name = 'Payments'")
    address = f"{live.address}/collect/invoice-paid/{source['id']}"
    signed = {"X-Signature": hmac.new(b"open sesame, mountain", BODY.encode(), hashlib.sha256).hexdigest()}
    assert admin.request.post(address, data=BODY).status == 401
    assert admin.request.post(address, data=BODY, headers=signed).status == 200

    refusals = "SELECT FROM events_refusalcount WHERE code = 'missing_signature'"
    wait_for(lambda: bool(live.rows(refusals)), "the count of refusals")
    admin.reload()
    expect(admin.get_by_text("The message has no signature in X-Signature.")).to_be_visible()
    field(admin, "signing_scheme").select_option("slack")
    expect(field(admin, "signing_header")).to_be_hidden()
    field(admin, "signing_challenge").select_option("slack")
    admin.get_by_role("button", name=SAVE).click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    expect(admin.locator(".cdp-snippet").filter(has_text="X-Slack-Signature")).to_be_visible()
    assert admin.request.post(address, data=BODY, headers=signed).status == 401


def test_a_link_is_made_printed_clicked_and_deleted(admin: Page, live: Live, shoot: Shoot) -> None:
    admin.goto(f"{live.address}/admin/events/redirect/add/")
    field(admin, "name").fill("Spring sale")
    field(admin, "source").select_option(label="Sample links")
    field(admin, "url").fill(f"{live.address}/healthcheck?own=1")
    field(admin, "passes_parameters").check(force=True)
    field(admin, "expired_url").fill("no address")
    admin.get_by_role("button", name=SAVE).click()
    expect(admin.get_by_text("Enter a valid URL.")).to_be_visible()
    shoot("link-refused")
    field(admin, "expired_url").fill("")
    admin.get_by_role("button", name=SAVE).click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    drawn = admin.get_by_alt_text("QR code of the address")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("image => image.naturalWidth") > 100
    field(admin, "expires_at_0").scroll_into_view_if_needed()
    shoot("link")
    png = admin.request.get(live.address + str(admin.get_by_role("link", name="PNG").get_attribute("href")))
    assert png.body()[:4] == b"\x89PNG"

    [link] = live.rows("SELECT id FROM events_redirect WHERE name = 'Spring sale'")
    answer = admin.request.get(f"{live.address}/redirect/{link['id']}?utm_source=mail", max_redirects=0)
    assert answer.headers["location"] == f"{live.address}/healthcheck?own=1&utm_source=mail"
    clicks = "SELECT FROM events_event WHERE properties->'params'->>'utm_source' = 'mail'"
    wait_for(lambda: bool(live.rows(clicks)), "the click")

    field(admin, "expires_at_0").fill("2026-01-01")
    field(admin, "expires_at_1").fill("12:00:00")
    admin.get_by_role("button", name=SAVE).click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    # Another process may not have heard of it yet.
    wait_for(lambda: admin.request.get(f"{live.address}/redirect/{link['id']}").status == 410, "the end of the link")

    admin.get_by_role("link", name="Delete").click()
    admin.get_by_role("button", name=re.compile("sure|Delete")).click()
    expect(admin.get_by_text("was deleted successfully")).to_be_visible()
