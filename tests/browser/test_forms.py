"""Every form of the admin as people use it: filled in, saved, changed, saved again, and what it made deleted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.apps import apps as django_apps
from django.contrib import admin as site
from django.contrib.auth.models import User
from django.http import HttpRequest
from playwright.sync_api import Page, expect

from cdp.embedded import BASE_DIR
from tests.live import Live, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.usefixtures("samples")]

AGREE = (
    "from apps.profiles.models import ConsentType; "
    "ConsentType.objects.get_or_create(id='forms', defaults={'name': 'Forms', 'text': 'May we?'})"
)
Values = Mapping[str, str | bool]


@dataclass(frozen=True)
class Form:
    """What is filled in, by the names of the fields; the first of `change` is looked for in the database."""

    fill: Values
    change: Values
    finds: str  # the column that tells the row, with the value of `fill`
    is_deleted: bool = True


FORMS: Final = {
    "core.ApiKey": Form(
        {"name": "Form key", "scopes": "profiles:read"}, {"name": "Other key"}, "name", is_deleted=False
    ),
    "profiles.ConsentType": Form(
        {"name": "Form letters", "id": "form-letters", "text": "May we write?"},
        {"text": "May we write to you?"},
        "id",
        is_deleted=False,
    ),
    "profiles.BlockedIdentifier": Form({"pattern": "form-kiosk"}, {"note": "Stands in the shop."}, "pattern"),
    "profiles.MergeRule": Form(
        {"path": "traits.form", "strategy": "first_update", "is_enabled": False}, {"strategy": "sum"}, "path"
    ),
    "events.ComplianceRule": Form(
        {"name": "Form rule", "path": "form", "consents": True, "is_enabled": False}, {"action": "hash"}, "name"
    ),
    "events.ComputedTrait": Form(
        {"name": "Form trait", "key": "form_trait", "function": "count"}, {"description": "How often."}, "key"
    ),
    "events.EventType": Form({"type": "form-sent", "name": "Form sent"}, {"name": "Form filled in"}, "type"),
    "events.IdentificationPoint": Form(
        {"event_type": "form-sent", "path": "email", "kind": "email"}, {"path": "contact.email"}, "event_type"
    ),
    "events.Source": Form({"name": "Form source"}, {"description": "Of a test."}, "name"),
    "events.Redirect": Form(
        {"name": "Form link", "source": "Sample shop", "url": "https://shop.example/"},
        {"url": "https://shop.example/sale"},
        "name",
    ),
    "segments.Segment": Form(
        {"name": "Form people", "kind": "list"},  # the key follows the name
        {"description": "By hand."},
        "name",
    ),
    "auth.User": Form(
        {"username": "form", "password1": "correct horse 7", "password2": "correct horse 7"},
        {"first_name": "Fiona"},
        "username",
    ),
    "auth.Group": Form({"name": "Form role"}, {"name": "Other role"}, "name"),
}
# Forms that need more than that to be there: the tests that change and save them.
ELSEWHERE: Final[dict[str, str]] = {
    "events.QuarantinedEvent": "test_a_quarantined_event_is_mended_in_the_browser_and_replayed",
}


def models_with_forms() -> set[str]:
    """Name the models that somebody who may do everything can change in the admin."""
    request = HttpRequest()
    request.user = User(is_superuser=True, is_active=True)
    return {
        model._meta.label
        for model, pages in site.site._registry.items()
        if model._meta.app_label != "django_rq" and pages.has_change_permission(request)
    }


def test_every_form_has_a_test_here_or_elsewhere() -> None:
    texts = "\n".join(path.read_text() for path in (BASE_DIR / "tests" / "browser").glob("*.py"))

    assert models_with_forms() == FORMS.keys() | ELSEWHERE.keys()
    assert set(ELSEWHERE.values()) <= set(re.findall(r"^def (test_\w+)", texts, re.MULTILINE))


def fill(page: Page, values: Values) -> None:
    for name, value in values.items():
        places = page.locator(f"#content [name={name}], main [name={name}]")
        if isinstance(value, bool):
            places.first.set_checked(value, force=True)
        elif places.first.get_attribute("type") == "checkbox":
            page.locator(f"[name={name}][value='{value}']").check(force=True)
        elif places.first.evaluate("place => place.tagName") == "SELECT":
            choice = places.first
            is_value = choice.locator(f"option[value='{value}']").count()
            choice.select_option(value=value) if is_value else choice.select_option(label=value)
        else:
            places.first.fill(value)


@pytest.fixture(scope="module")
def consent_type(live: Live) -> None:
    """Something to agree to, which a compliance rule asks for."""
    live.manage("shell", "--no-imports", "-c", AGREE)


@pytest.mark.usefixtures("consent_type")
@pytest.mark.parametrize("label", FORMS)
def test_a_form_makes_changes_and_deletes(admin: Page, live: Live, label: str) -> None:
    form, meta = FORMS[label], django_apps.get_model(label)._meta
    key = str(meta.pk.column)
    pages = f"{live.address}/admin/{meta.app_label}/{meta.model_name}"

    def found(**wanted: Any) -> list[dict[str, Any]]:
        tests = " AND ".join(f'"{name}" = %s' for name in wanted)
        return live.rows(f'SELECT * FROM "{meta.db_table}" WHERE {tests}', *wanted.values())

    admin.goto(f"{pages}/add/")
    fill(admin, form.fill)
    admin.locator("[name=_save]").click()
    expect(admin).not_to_have_url(re.compile("/add/$"))
    (row,) = found(**{form.finds: form.fill[form.finds]})

    admin.goto(f"{pages}/{row[key]}/change/")
    fill(admin, form.change)
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    (changed,) = found(**{key: row[key]})
    name, value = next(iter(form.change.items()))
    assert changed[name] == value

    admin.goto(f"{pages}/{row[key]}/change/")
    shown = admin.locator(f"[name={name}]").first
    assert shown.input_value() == value

    if form.is_deleted:
        admin.goto(f"{pages}/{row[key]}/delete/")
        name_typed = admin.locator(".cdp-question [name=name]")
        if name_typed.count():
            name_typed.fill(str(row["name"]))
        admin.locator(".cdp-question .cdp-danger, #content form [type=submit]").first.click()
        expect(admin).to_have_url(re.compile("/admin/.*/$"))
        assert found(**{key: row[key]}) == []


def test_a_quarantined_event_is_mended_in_the_browser_and_replayed(admin: Page, live: Live) -> None:
    source = live.source("Broken till")
    admin.goto(f"{live.address}/admin/events/eventtype/add/")
    schema = '{"properties": {"total": {"type": "number"}}}'
    fill(admin, {"type": "till-closed", "name": "Till closed", "schema": schema, "policy": "quarantine"})
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    event = {"type": "till-closed", "id": "till-1", "properties": {"total": "12,50 EUR"}}
    body = {"source": {"id": source["id"]}, "session": {"id": "till"}, "events": [event]}

    def is_set_aside() -> bool:
        admin.request.post(f"{live.address}/track", data=body)
        return bool(live.rows("SELECT FROM events_quarantinedevent WHERE source_id = %s", source["id"]))

    wait_for(is_set_aside, "the new event type in every process")

    admin.goto(f"{live.address}/admin/events/quarantinedevent/")
    admin.locator("#result_list tbody tr").filter(has_text="till-closed").get_by_role("link").first.click()
    fill(admin, {"properties": '{"total": 12.5}'})
    admin.get_by_role("button", name="Save and replay").click()

    wait_for(lambda: bool(live.events(source)), "the replayed event")
    assert live.events(source)[-1]["properties"] == {"total": 12.5}
