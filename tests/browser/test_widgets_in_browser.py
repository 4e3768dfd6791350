"""The script of docs/collect.md shows widgets in a real browser: each kind of block, texts as texts, all tracked."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cdp.processes import BASE_DIR
from tests.chromium import new_page

pytestmark = pytest.mark.xdist_group("live")  # whose browser it shares
[SCRIPT] = re.findall(r"```js\n(.+?)```", (BASE_DIR / "docs/collect.md").read_text(), re.DOTALL)
PAGE = f"""<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div data-cdp-slot="aside"></div><script>
{SCRIPT}
const tracked = []
const track = async (type, properties) => tracked.push(JSON.parse(JSON.stringify({{ type, properties }})))
</script>"""
MARKUP = "<img src=x onerror='document.title = `owned`'>"
FIELDS = [
    {"name": "email", "label": "E-mail", "input": "email", "is_required": True},
    {"name": "age", "label": "Age", "input": "number", "is_required": False},
    {"name": "size", "label": "Size", "input": "choice", "choices": ["S", "M"], "is_required": False},
    {"name": "note", "label": "Note", "input": "text", "is_required": False},
    {"name": "news", "label": "News", "input": "yes_no", "is_required": True},
]
LETTERS = {"id": "letters", "name": "Letters", "text": MARKUP, "text_version": 3}
STATISTICS = {"id": "statistics", "name": "Statistics", "text": "We count.", "text_version": 1}


def show(page: Page, *blocks: dict[str, Any], id: str = "w", **how: Any) -> None:
    widget = {"type": "widget", "id": id, "place": "dialog", "can_be_closed": True, **how, "blocks": blocks}
    page.evaluate("(widget) => showWidgets([widget], track)", widget)


def tracked(page: Page) -> Any:
    return page.evaluate("tracked.splice(0)")


def test_widgets_are_shown_and_answered(browser: Browser) -> None:
    with new_page(browser) as page:
        page.clock.install()
        page.set_content(PAGE)
        widgets = page.locator(".cdp-widget")

        show(page, {"kind": "heading", "text": MARKUP}, {"kind": "text", "text": MARKUP}, {"kind": "video"})
        expect(page.get_by_role("heading")).to_have_text(MARKUP)
        assert page.title() == ""
        show(page, {"kind": "text", "text": "Again"})
        expect(widgets).to_have_count(1)
        page.get_by_role("button", name="Close").click()
        expect(widgets).to_have_count(0)

        show(page, {"kind": "text", "text": "Here"}, id="slot", place="slot", slot="aside", hides_after_secs=600)
        expect(page.locator("[data-cdp-slot] p")).to_have_text("Here")
        page.clock.fast_forward("10:00")
        expect(widgets).to_have_count(0)
        show(page, {"kind": "text", "text": "Nowhere"}, id="gone", place="slot", slot="gone")
        expect(widgets).to_have_count(0)

        button = {"kind": "button", "text": "Yes", "event_type": "answered", "properties": {"answer": "yes"}}
        show(page, {**button, "href": "javascript:document.title = 'owned'"}, id="question")
        page.get_by_role("button", name="Yes").click()
        expect(widgets).to_have_count(0)
        assert page.title() == ""
        assert tracked(page) == [{"type": "answered", "properties": {"answer": "yes", "widget": "question"}}]

        show(page, {"kind": "rating", "least": 0, "most": 10, "event_type": "rating"}, id="nps", place="banner")
        expect(page.get_by_role("group").get_by_role("button")).to_have_count(11)
        page.get_by_role("button", name="9").click()
        assert tracked(page) == [{"type": "rating", "properties": {"rate": 9, "widget": "nps"}}]


def test_forms_and_consents_are_filled_in(browser: Browser) -> None:
    with new_page(browser) as page:
        page.set_content(PAGE)

        show(page, {"kind": "form", "fields": FIELDS, "send": "Send", "event_type": "asked"}, id="form")
        page.get_by_role("button", name="Send").click()
        assert tracked(page) == []  # an address is missing
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_label("Age").fill("36.5")
        page.get_by_label("Size").select_option("M")
        page.get_by_role("button", name="Send").click()
        filled = {"email": "ada@example.com", "age": 36.5, "size": "M", "news": False}
        assert tracked(page) == [{"type": "asked", "properties": {**filled, "widget": "form"}}]

        consents = [
            {**LETTERS, "is_required": False, "is_ticked": False},
            {**STATISTICS, "is_required": False, "is_ticked": True},
        ]
        block = {"kind": "consents", "consents": consents, "event_type": "consent-update", "send": "Save"}
        show(page, block, id="some")
        expect(page.get_by_text(MARKUP)).to_be_visible()
        page.get_by_role("button", name="Save").click()
        statistics, letters = ({"revoke": None, "text_version": version} for version in (1, 3))
        assert [each["properties"]["consents"] for each in tracked(page)] == [
            {"letters": False, "statistics": statistics}
        ]
        show(page, {**block, "agree": "Agree to all"}, id="all")
        page.get_by_role("button", name="Agree").click()
        assert [each["properties"]["consents"] for each in tracked(page)] == [
            {"letters": letters, "statistics": statistics}
        ]
