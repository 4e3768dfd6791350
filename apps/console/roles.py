"""The roles that every installation has, as groups: what each may do. Deny by default: no role, no pages."""

from django.contrib.auth.models import Group, Permission

SEES_FIGURES = ("profiles.view_profile", "cdp_sessions.view_session", "events.view_event")
SEES_PEOPLE = (*SEES_FIGURES, "profiles.view_pii")
SEES_CONSENTS = ("profiles.view_consenttype", "profiles.view_consentdecision", "events.view_compliancerule")
ANSWERS_FOR_DATA = (
    *SEES_CONSENTS,
    *(f"profiles.{verb}_consenttype" for verb in ("add", "change")),
    "profiles.add_consentdecision",
    *(f"events.{verb}_compliancerule" for verb in ("add", "change", "delete")),
    "profiles.change_profile",
    "profiles.export_profile",
    "profiles.erase_profile",
    "profiles.view_privacyrequest",
    "profiles.view_erasedid",
    "profiles.delete_erasedid",
    "core.view_auditentry",
    "core.view_task",
)
SEES_SEGMENTS = ("segments.view_segment",)
CHANGES_SEGMENTS = (*SEES_SEGMENTS, *(f"segments.{verb}_segment" for verb in ("add", "change", "delete")))
EXPORTS_SEGMENTS = ("segments.export_members",)
SEES_MERGES = ("profiles.view_merge", "profiles.view_identityconflict")
IDENTITY_MODELS = ("profiles.{}_blockedidentifier", "profiles.{}_mergerule", "events.{}_identificationpoint")
SEES_IDENTITY = tuple(model.format("view") for model in IDENTITY_MODELS)
CHANGES_IDENTITY = (
    "profiles.merge_profile",
    *(model.format(verb) for verb in ("add", "change", "delete") for model in IDENTITY_MODELS),
)
SEES_COLLECTING = tuple(
    f"events.view_{model}"
    for model in ("source", "redirect", "eventtype", "eventtypealias", "unplannedtype", "computedtrait")
)
SEES_TROUBLE = (
    "events.view_refusedevent",
    "events.change_refusedevent",
    "events.view_refusalcount",
    "events.view_quarantinedevent",
    "events.change_quarantinedevent",
    "events.delete_quarantinedevent",
    "events.view_inboxitem",
    "events.change_inboxitem",
    "core.view_task",
    "core.change_task",
    "segments.view_liverun",
    "segments.change_liverun",
    "django_rq.admin",
)
CHANGES_COLLECTING = tuple(
    f"events.{verb}_{model}"
    for verb in ("add", "change", "delete")
    for model in ("source", "redirect", "eventtype", "eventtypealias")
)
CHANGES_TRAITS = tuple(f"events.{verb}_computedtrait" for verb in ("add", "change", "delete"))
CHANGES_USERS = (
    *(f"auth.{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("user", "group")),
    *(f"core.{verb}_apikey" for verb in ("view", "add", "change")),
)

DEVELOPER = (
    *SEES_PEOPLE,
    *SEES_CONSENTS,
    *SEES_COLLECTING,
    *SEES_TROUBLE,
    *CHANGES_COLLECTING,
    *SEES_MERGES,
    *SEES_IDENTITY,
    *CHANGES_IDENTITY,
    *CHANGES_TRAITS,
    *CHANGES_SEGMENTS,
)
ROLES = {
    "Administrator": (*DEVELOPER, *CHANGES_USERS, *ANSWERS_FOR_DATA, *EXPORTS_SEGMENTS),
    "Data steward": (
        *SEES_PEOPLE,
        *SEES_COLLECTING,
        *SEES_MERGES,
        *ANSWERS_FOR_DATA,
        *SEES_SEGMENTS,
        *EXPORTS_SEGMENTS,
    ),
    "Developer": DEVELOPER,
    "Marketer": (
        *SEES_PEOPLE,
        *SEES_CONSENTS,
        *SEES_COLLECTING,
        *SEES_MERGES,
        *CHANGES_TRAITS,
        *CHANGES_SEGMENTS,
        *EXPORTS_SEGMENTS,
    ),
    "Analyst": (*SEES_FIGURES, *SEES_SEGMENTS, "events.view_eventtype", "events.view_computedtrait"),
}


def load_roles() -> None:
    """Make the groups that are missing and give each the permissions above; permissions added by hand stay."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, wanted in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(known[permission] for permission in wanted if permission in known))
