"""The menu is what the apps declare, in one order; a page that is offered twice stops the process."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from apps.core import menu
from apps.core.models import Task

MENU = [  # group, title, address, and the permission without which it is not offered
    ("", "Home", "/admin/", ""),
    ("People", "Profiles", "/admin/profiles/profile/", "profiles.view_profile"),
    ("People", "Segments", "/admin/segments/segment/", "segments.view_segment"),
    ("People", "Sessions", "/admin/cdp_sessions/session/", "cdp_sessions.view_session"),
    ("People", "Events", "/admin/events/event/", "events.view_event"),
    ("Identity", "Merges", "/admin/profiles/merge/", "profiles.view_merge"),
    ("Identity", "Conflicts", "/admin/profiles/identityconflict/", "profiles.view_identityconflict"),
    ("Identity", "Identification points", "/admin/events/identificationpoint/", "events.view_identificationpoint"),
    ("Identity", "Blocked identifiers", "/admin/profiles/blockedidentifier/", "profiles.view_blockedidentifier"),
    ("Identity", "Merge rules", "/admin/profiles/mergerule/", "profiles.view_mergerule"),
    ("Collecting", "Sources", "/admin/events/source/", "events.view_source"),
    ("Collecting", "Tracked links", "/admin/events/redirect/", "events.view_redirect"),
    ("Collecting", "Event types", "/admin/events/eventtype/", "events.view_eventtype"),
    ("Collecting", "Unplanned event types", "/admin/events/unplannedtype/", "events.view_unplannedtype"),
    ("Collecting", "Event type aliases", "/admin/events/eventtypealias/", "events.view_eventtypealias"),
    ("Collecting", "Computed traits", "/admin/events/computedtrait/", "events.view_computedtrait"),
    ("Collecting", "Quarantine", "/admin/events/quarantinedevent/", "events.view_quarantinedevent"),
    ("Collecting", "Refused events", "/admin/events/refusedevent/", "events.view_refusedevent"),
    ("Collecting", "Refusals by day", "/admin/events/refusalcount/", "events.view_refusalcount"),
    ("Privacy", "Consent types", "/admin/profiles/consenttype/", "profiles.view_consenttype"),
    ("Privacy", "Decisions", "/admin/profiles/consentdecision/", "profiles.view_consentdecision"),
    ("Privacy", "Compliance rules", "/admin/events/compliancerule/", "events.view_compliancerule"),
    ("Privacy", "Requests", "/admin/profiles/privacyrequest/", "profiles.view_privacyrequest"),
    ("Privacy", "Tombstones", "/admin/profiles/erasedid/", "profiles.view_erasedid"),
    ("Privacy", "Audit log", "/admin/core/auditentry/", "core.view_auditentry"),
    ("Operations", "Inbox", "/admin/events/inboxitem/", "events.view_inboxitem"),
    ("Operations", "Re-evaluation runs", "/admin/segments/reevaluation/", "segments.view_reevaluation"),
    ("Operations", "Tasks", "/admin/core/task/", "core.view_task"),
    ("Operations", "Queues", "/admin/django_rq/dashboard/", "django_rq.admin"),
    ("Operations", "API keys", "/admin/core/apikey/", "core.view_apikey"),
    ("Operations", "Users", "/admin/auth/user/", "auth.view_user"),
    ("Operations", "Roles", "/admin/auth/group/", "auth.view_group"),
]


def test_the_menu_is_as_it_should_be() -> None:
    offered = []
    for group in menu.navigation(RequestFactory().get("/")):
        for item in group["items"]:
            needs = item["permission"].__self__.needs if "permission" in item else ""
            offered.append((group.get("title", ""), item["title"], item["link"], needs))

    assert offered == MENU


def test_an_entry_is_for_those_who_may_view_the_list() -> None:
    request = RequestFactory().get("/")
    request.user = User(is_active=False)
    [people] = [group for group in menu.navigation(request) if group.get("title") == "People"]

    assert not people["items"][0]["permission"](request)

    request.user = User(is_superuser=True, is_active=True)
    assert people["items"][0]["permission"](request)


def test_a_page_is_offered_once() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"core.task: .*core/menu\.py:\d+ and .*test_menu\.py:\d+"):
        menu.entry(Task, menu.PRIVACY, 1, icon="key")


def test_an_entry_stands_in_the_app_that_has_its_page() -> None:
    for key, found in menu.entries.items():
        owner = type(admin.site._registry[found.model]).__module__
        if owner.startswith("apps."):  # that of queues is a package's
            assert f"/apps/{owner.split('.')[1]}/menu.py:" in menu.entries.place_of(key), key
