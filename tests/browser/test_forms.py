"""Every form of the admin as people use it: filled in, saved, changed, saved again, and what it made deleted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

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
        {"name": "By post", "id": "by-post", "text": "May we write?"},
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
    "events.EventTypeAlias": Form({"type": "form sendt", "becomes": "page-view"}, {"becomes": "search"}, "becomes"),
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
    "heartbeats.Heartbeat": Form(
        {"name": "Form heartbeat", "wait_period": "30 days"}, {"schedule": "0 4 * * *"}, "name"
    ),
    "flows.FrequencyCap": Form({"channel": "email", "most": "3", "period": "7 days"}, {"most": "4"}, "channel"),
    "flows.QuietHours": Form({"channel": "email", "start": "21:00", "end": "08:00"}, {"end": "07:00:00"}, "channel"),
    "auth.User": Form(
        {"username": "form", "password1": "correct horse 7", "password2": "correct horse 7"},
        {"first_name": "Fiona"},
        "username",
    ),
    "auth.Group": Form({"name": "Form role"}, {"name": "Other role"}, "name"),
}
# Forms that need more than that to be there: the tests that change and save them.
ELSEWHERE: Final[dict[str, str]] = {
    "alerts.Alert": "test_an_alert_is_added_finds_something_and_is_muted_and_deleted",
    "bridges.Connection": "test_a_connection_is_made_changed_tried_released_and_deleted",
    "inbound.Bridge": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "flows.Flow": "test_a_flow_decides_about_everybody",
    "alerts.Channel": "test_channels_are_added_tried_changed_and_deleted_and_keep_their_secrets",
    "events.RefusedEvent": "test_a_refused_event_is_fixed_in_the_browser_and_sent_again",
    "events.QuarantinedEvent": "test_a_quarantined_event_is_fixed_in_the_browser_and_replayed",
}


# The pages of the admin besides lists and forms, and the tests that use them.
PAGES: Final[dict[str, str]] = {
    "alerts_alert_mute": "test_an_alert_is_added_finds_something_and_is_muted_and_deleted",
    "alerts_channel_send_a_test": "test_channels_are_added_tried_changed_and_deleted_and_keep_their_secrets",
    "bridges_connection_release": "test_a_connection_is_made_changed_tried_released_and_deleted",
    "bridges_connection_try_it": "test_a_connection_is_made_changed_tried_released_and_deleted",
    "bridges_delivery_cancel_one": "test_deliveries_are_found_read_tried_again_and_cancelled",
    "bridges_delivery_retry_one": "test_deliveries_are_found_read_tried_again_and_cancelled",
    "auth_user_password_change": "test_a_colleague_gets_another_password",
    "core_task_cancel": "test_a_task_is_watched_paused_let_go_on_and_cancelled",
    "core_task_failures": "test_a_task_is_watched_paused_let_go_on_and_cancelled",
    "core_task_live": "test_a_task_is_watched_paused_let_go_on_and_cancelled",
    "core_task_pause": "test_a_task_is_watched_paused_let_go_on_and_cancelled",
    "core_task_progress": "test_a_task_is_watched_paused_let_go_on_and_cancelled",
    "core_task_resume": "test_a_task_is_watched_paused_let_go_on_and_cancelled",
    "events_backfill_undo": "test_a_mapping_is_tried_started_watched_and_undone",
    "events_computedtrait_count_anew": "test_a_computed_trait_is_previewed_and_counted_anew",
    "events_computedtrait_preview": "test_a_computed_trait_is_previewed_and_counted_anew",
    "events_event_backfill": "test_the_list_of_events_leads_to_what_is_applied_to_all_that_it_finds",
    "events_eventtype_copy_to_profiles": "test_an_event_type_is_tried_gets_a_schema_and_reaches_stored_events",
    "events_eventtype_index_traits": "test_an_event_type_is_tried_gets_a_schema_and_reaches_stored_events",
    "events_eventtype_propose": "test_an_event_type_is_tried_gets_a_schema_and_reaches_stored_events",
    "events_eventtype_try": "test_an_event_type_is_tried_gets_a_schema_and_reaches_stored_events",
    "flows_check": "test_a_flow_is_drawn_broken_read_and_published",
    "flows_editor": "test_a_flow_leads_to_where_it_is_drawn_and_the_page_follows_the_theme",
    "flows_export": "test_a_flow_is_exported_brought_back_and_deleted",
    "flows_flow_import_flow": "test_a_flow_is_exported_brought_back_and_deleted",
    "flows_flow_overview_link": "test_a_flow_is_exported_brought_back_and_deleted",
    "flows_flow_start_from_ready": "test_a_flow_is_started_from_a_ready_one",
    "flows_node": "test_a_node_is_found_by_its_old_name_by_words_and_read",
    "flows_nodes": "test_a_node_is_found_by_its_old_name_by_words_and_read",
    "flows_off": "test_a_flow_rests_goes_on_and_is_switched_off",
    "flows_on": "test_a_flow_rests_goes_on_and_is_switched_off",
    "flows_overview": "test_a_flow_is_published_again_with_people_inside_and_rolled_back",
    "flows_pass_now": "test_a_flow_decides_about_everybody",
    "flows_pause": "test_a_flow_rests_goes_on_and_is_switched_off",
    "flows_publish": "test_a_flow_is_published_again_with_people_inside_and_rolled_back",
    "flows_resume": "test_a_flow_rests_goes_on_and_is_switched_off",
    "flows_roll_back": "test_a_flow_is_published_again_with_people_inside_and_rolled_back",
    "flows_run_verb": "test_who_waits_is_found_looked_at_and_ended",
    "flows_start": "test_somebody_enters_by_hand_and_a_segment_after_a_look",
    "flows_version": "test_a_flow_is_published_again_with_people_inside_and_rolled_back",
    "flows_try": "test_a_draft_is_tried_on_a_page_of_its_own",
    "flows_versions": "test_a_flow_is_published_again_with_people_inside_and_rolled_back",
    "heartbeats_heartbeat_dry_run": "test_a_heartbeat_is_changed_switched_off_looked_at_and_deleted",
    "heartbeats_heartbeat_run_now": "test_a_heartbeat_is_run_and_leads_to_what_it_said",
    "heartbeats_heartbeat_switch_off": "test_a_heartbeat_is_changed_switched_off_looked_at_and_deleted",
    "heartbeats_heartbeat_switch_on": "test_a_heartbeat_is_made_in_words_looked_at_and_switched_on",
    "heartbeats_in_words": "test_a_heartbeat_is_made_in_words_looked_at_and_switched_on",
    "inbound_bridge_live": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridge_pause": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridge_places": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridge_preview": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridge_resume": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridge_seek": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridge_try_it": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridgedeadletter_discard_one": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridgedeadletter_download": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "inbound_bridgedeadletter_retry_one": "test_a_bridge_is_made_tried_watched_sent_back_and_deleted",
    "profile_change_undo": "test_facts_and_traits_are_set_by_hand_and_the_history_tells_it",
    "profile_changes": "test_facts_and_traits_are_set_by_hand_and_the_history_tells_it",
    "profile_consents": "test_a_decision_is_recorded_changed_and_withdrawn",
    "profile_edit": "test_facts_and_traits_are_set_by_hand_and_the_history_tells_it",
    "profile_merge": "test_two_profiles_are_merged_after_a_look_and_separated_after_a_question",
    "profile_merge_now": "test_two_profiles_are_merged_after_a_look_and_separated_after_a_question",
    "profile_timeline": "test_a_timeline_goes_back_to_the_first_event",
    "profiles_merge_undo": "test_two_profiles_are_merged_after_a_look_and_separated_after_a_question",
    "profiles_privacyrequest_certificate": "test_a_person_is_erased_and_it_is_certified",
    "profiles_profile_anonymise_person": "test_somebody_becomes_anonymous",
    "profiles_profile_erase_person": "test_a_person_is_erased_and_it_is_certified",
    "profiles_profile_export_person": "test_a_person_is_erased_and_it_is_certified",
    "qr_png": "test_a_link_is_made_printed_clicked_and_deleted",
    "qr_svg": "test_a_link_is_made_printed_clicked_and_deleted",
    "segments_export": "test_a_segment_is_clicked_together_counted_built_and_explained",
    "segments_list": "test_a_list_is_uploaded_as_a_spreadsheet_saves_it",
    "segments_list_look": "test_a_list_is_uploaded_as_a_spreadsheet_saves_it",
    "segments_reevaluation_progress": "test_a_reevaluation_is_begun_and_watched",
    "segments_reevaluation_run_now": "test_a_reevaluation_is_begun_and_watched",
    "segments_members": "test_a_segment_is_clicked_together_counted_built_and_explained",
    "segments_overlap": "test_a_segment_is_clicked_together_counted_built_and_explained",
    "segments_overview": "test_a_segment_is_clicked_together_counted_built_and_explained",
    "segments_preview": "test_a_segment_is_clicked_together_counted_built_and_explained",
    "segments_segment_overview_link": "test_a_segment_of_each_kind_is_made_changed_and_deleted",
    "segments_why": "test_a_segment_is_clicked_together_counted_built_and_explained",
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


def other_pages() -> set[str]:
    """Name the pages that the admin of a model has besides its list and its forms; the queues' are django-rq's own."""
    usual = ("changelist", "add", "change", "delete", "history")
    return {
        url.name
        for model, pages in site.site._registry.items()
        if model._meta.app_label != "django_rq"
        for url in pages.get_urls()
        if getattr(url, "name", None)
        and url.name not in {f"{model._meta.app_label}_{model._meta.model_name}_{name}" for name in usual}
    }


def test_every_form_and_every_other_page_has_a_test_here_or_elsewhere() -> None:
    texts = "\n".join(path.read_text() for path in (BASE_DIR / "tests" / "browser").glob("*.py"))

    assert models_with_forms() == FORMS.keys() | ELSEWHERE.keys()
    assert other_pages() == PAGES.keys()
    assert {*ELSEWHERE.values(), *PAGES.values()} <= set(re.findall(r"^def (test_\w+)", texts, re.MULTILINE))


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
    assert str(changed[name]) == value

    admin.goto(f"{pages}/{row[key]}/change/")
    shown = admin.locator(f"[name={name}]").first
    assert shown.input_value() == value

    if form.is_deleted:
        admin.goto(f"{pages}/{row[key]}/delete/")
        name_typed = admin.locator(".cdp-question [name=name]")
        if name_typed.count():
            name_typed.fill(str(row["name"]))
        admin.locator(".cdp-question .cdp-danger, #content form [type=submit]").first.click()
        expect(admin).not_to_have_url(re.compile("/delete/$"))
        assert found(**{key: row[key]}) == []


def test_a_quarantined_event_is_fixed_in_the_browser_and_replayed(admin: Page, live: Live) -> None:
    source = live.source("Broken till")
    admin.goto(f"{live.address}/admin/events/eventtype/add/")
    schema = '{"properties": {"total": {"type": "number"}}}'
    fill(admin, {"type": "till-closed", "name": "Till closed", "schema": schema, "policy": "quarantine"})
    admin.locator("[name=_save]").click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()

    def is_set_aside() -> bool:
        # Under an id of its own: one that a process took which did not know the type yet would be repeated.
        event = {"type": "till-closed", "id": str(uuid4()), "properties": {"total": "12,50 EUR"}}
        body = {"source": {"id": source["id"]}, "session": {"id": "till"}, "events": [event]}
        admin.request.post(f"{live.address}/track", data=body)
        return bool(live.rows("SELECT FROM events_quarantinedevent WHERE source_id = %s", source["id"]))

    wait_for(is_set_aside, "the new event type in every process")

    admin.goto(f"{live.address}/admin/events/quarantinedevent/")
    admin.locator("#result_list tbody tr").filter(has_text="till-closed").get_by_role("link").first.click()
    fill(admin, {"properties": '{"total": 12.5}'})
    admin.get_by_role("button", name="Save and replay").click()

    wait_for(lambda: {"total": 12.5} in [event["properties"] for event in live.events(source)], "the replayed event")


def test_a_refused_event_is_fixed_in_the_browser_and_sent_again(admin: Page, live: Live) -> None:
    source = live.source("Odd clock")
    event = {"typ": "clock-struck", "id": "c1", "time": "2026-01-02T03:04:05Z", "properties": {"hour": 3}}
    body = {"source": {"id": source["id"]}, "session": {"id": "clock"}, "events": [event]}
    assert admin.request.post(f"{live.address}/track", data=body).status == 422

    admin.goto(f"{live.address}/admin/events/refusedevent/")
    admin.locator("#result_list tbody tr").filter(has_text="Odd clock").get_by_role("link").first.click()
    payload = admin.locator("[name=payload]")
    expect(payload).to_have_value(re.compile("typ"))
    payload.fill(payload.input_value().replace('"typ"', '"type"'))
    admin.get_by_role("button", name="Save and send again").click()

    wait_for(lambda: bool(live.events(source)), "the event that was sent again")
    (stored,) = live.events(source)
    assert (stored["time"].isoformat(), stored["properties"]) == ("2026-01-02T03:04:05+00:00", {"hour": 3})
