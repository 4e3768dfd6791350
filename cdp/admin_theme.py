"""How the admin looks, and what its navigation offers: Unfold's settings."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse, reverse_lazy


def _page(title: str, icon: str, name: str, permission: str = "") -> dict[str, Any]:
    page: dict[str, Any] = {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}")}
    if permission:
        page["permission"] = lambda request: request.user.has_perm(permission)
    return page


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Customer data platform",
    "SITE_HEADER": "Customer data",
    "SITE_SYMBOL": "groups",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "apps.console.home.dashboard",
    "STYLES": [lambda request: static("cdp/admin.css")],
    "SCRIPTS": [
        lambda request: static("cdp/unread.js"),  # before it is asked who is signed in
        lambda request: f"{static('cdp/keep.js')}?signed-in={reverse('admin:signed_in')}",
    ],
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {"items": [_page("Home", "home", "index")]},
            {
                "title": "People",
                "items": [
                    _page("Profiles", "group", "profiles_profile_changelist", "profiles.view_profile"),
                    _page("Segments", "workspaces", "segments_segment_changelist", "segments.view_segment"),
                    _page("Sessions", "devices", "cdp_sessions_session_changelist", "cdp_sessions.view_session"),
                    _page("Events", "bolt", "events_event_changelist", "events.view_event"),
                ],
            },
            {
                "title": "Identity",
                "separator": True,
                "items": [
                    _page("Merges", "merge", "profiles_merge_changelist", "profiles.view_merge"),
                    _page(
                        "Conflicts",
                        "call_split",
                        "profiles_identityconflict_changelist",
                        "profiles.view_identityconflict",
                    ),
                    _page(
                        "Identification points",
                        "fingerprint",
                        "events_identificationpoint_changelist",
                        "events.view_identificationpoint",
                    ),
                    _page(
                        "Blocked identifiers",
                        "person_off",
                        "profiles_blockedidentifier_changelist",
                        "profiles.view_blockedidentifier",
                    ),
                    _page("Merge rules", "rule", "profiles_mergerule_changelist", "profiles.view_mergerule"),
                ],
            },
            {
                "title": "Collecting",
                "separator": True,
                "items": [
                    _page("Sources", "sensors", "events_source_changelist", "events.view_source"),
                    _page("Tracked links", "link", "events_redirect_changelist", "events.view_redirect"),
                    _page("Event types", "category", "events_eventtype_changelist", "events.view_eventtype"),
                    _page(
                        "Unplanned event types", "help", "events_unplannedtype_changelist", "events.view_unplannedtype"
                    ),
                    _page(
                        "Event type aliases",
                        "alt_route",
                        "events_eventtypealias_changelist",
                        "events.view_eventtypealias",
                    ),
                    _page(
                        "Computed traits", "calculate", "events_computedtrait_changelist", "events.view_computedtrait"
                    ),
                    _page(
                        "Quarantine",
                        "healing",
                        "events_quarantinedevent_changelist",
                        "events.view_quarantinedevent",
                    ),
                    _page("Refused events", "block", "events_refusedevent_changelist", "events.view_refusedevent"),
                    _page(
                        "Refusals by day", "data_usage", "events_refusalcount_changelist", "events.view_refusalcount"
                    ),
                ],
            },
            {
                "title": "Privacy",
                "separator": True,
                "items": [
                    _page("Consent types", "handshake", "profiles_consenttype_changelist", "profiles.view_consenttype"),
                    _page(
                        "Decisions",
                        "history_edu",
                        "profiles_consentdecision_changelist",
                        "profiles.view_consentdecision",
                    ),
                    _page(
                        "Compliance rules", "policy", "events_compliancerule_changelist", "events.view_compliancerule"
                    ),
                    _page(
                        "Requests", "contact_mail", "profiles_privacyrequest_changelist", "profiles.view_privacyrequest"
                    ),
                    _page("Tombstones", "person_off", "profiles_erasedid_changelist", "profiles.view_erasedid"),
                    _page("Audit log", "receipt_long", "core_auditentry_changelist", "core.view_auditentry"),
                ],
            },
            {
                "title": "Operations",
                "separator": True,
                "items": [
                    _page("Inbox", "inbox", "events_inboxitem_changelist", "events.view_inboxitem"),
                    _page("Live runs", "autorenew", "segments_liverun_changelist", "segments.view_liverun"),
                    _page("Tasks", "progress_activity", "core_task_changelist", "core.view_task"),
                    _page("Queues", "stacks", "django_rq_dashboard_changelist", "django_rq.admin"),
                    _page("API keys", "key", "core_apikey_changelist", "core.view_apikey"),
                    _page("Users", "person", "auth_user_changelist", "auth.view_user"),
                    _page("Roles", "badge", "auth_group_changelist", "auth.view_group"),
                ],
            },
        ],
    },
}
