"""Merging and undoing by hand, with the pages that ask before."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from apps.core import audit, paths
from apps.core.admin.shown import tree
from apps.core.ids import as_uuid
from apps.events import jobs
from apps.events.event_types import planned
from apps.events.resolution import by_hand, unmerging
from apps.profiles import decisions, ledger, merging, schema
from apps.profiles.admin.finding import latest, naming
from apps.profiles.admin.ledger import MAY_MERGE, both_of
from apps.profiles.admin.privacy import SEES_PII
from apps.profiles.admin.shown import value_of
from apps.profiles.models import Merge, Profile

MAY_COMPARE = (MAY_MERGE, SEES_PII)
N_FOUND = 10


def undo_urls(site: admin.AdminSite) -> list[URLPattern]:
    """List the page that asks whether to undo a merge."""

    def undo(request: HttpRequest, merge_id: UUID) -> HttpResponse:
        return _ask_to_undo(request, merge_id, site.each_context(request))

    return [path("<uuid:merge_id>/undo/", site.admin_view(undo), name="profiles_merge_undo")]


def _ask_to_undo(request: HttpRequest, merge_id: UUID, context: dict[str, Any]) -> HttpResponse:
    """Ask, and undo."""
    if not request.user.has_perm(MAY_MERGE):
        raise PermissionDenied
    merge = get_object_or_404(Merge, pk=merge_id)
    if request.method == "POST":
        return _undo(request, merge)
    living = ledger.living_id(merge.kept_via)
    n_again = 0 if merge.undone_at else len(ledger.plan(merge, ledger.merges_of(living)).again)
    kept, merged = both_of(request, merge)
    context |= {"merge": merge, "n_again": n_again, "living": living, "kept": kept, "merged": merged}
    return render(request, "events/undo_merge.html", context)


def _undo(request: HttpRequest, merge: Merge) -> HttpResponse:
    try:
        jobs.undo(merge.pk, actor=audit.actor_of(request), rules=planned.rules(), now=timezone.now())
    except unmerging.CannotUndo as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The profiles are two again; their events follow in a moment.")
    return HttpResponseRedirect(reverse("admin:profiles_merge_change", args=[merge.pk]))


def merge_urls(site: admin.AdminSite) -> list[URLPattern]:
    """List the pages by which a profile is merged with another one."""

    def preview(request: HttpRequest, profile_id: UUID) -> HttpResponse:
        return _preview(request, profile_id, site.each_context(request))

    return [
        path("<uuid:profile_id>/merge/", site.admin_view(require_safe(preview)), name="profile_merge"),
        path("<uuid:profile_id>/merge/now/", site.admin_view(require_POST(_merge)), name="profile_merge_now"),
    ]


def _preview(request: HttpRequest, profile_id: UUID, context: dict[str, Any]) -> HttpResponse:
    """Ask with whom, and show field by field what that gives."""
    if not request.user.has_perms(MAY_COMPARE):
        raise PermissionDenied
    profile = get_object_or_404(Profile, pk=profile_id)
    text = request.GET.get("with", "").strip()
    context |= {"profile": profile, "text": text, "title": f"Merge {profile} with another profile"}
    found = latest(naming(request, text) & ~Q(pk=profile.pk), limit=N_FOUND) if text else []
    if len(found) == 1:
        context["other"] = found[0]
        context["preview"] = shown = by_hand.preview(profile.id, found[0].id)
        context["rows"] = [_row(each, profile, shown) for each in shown.fields]
    return render(request, "events/merge_profile.html", {**context, "found": found})


def _row(each: merging.Merged, profile: Profile, preview: by_hand.Preview) -> dict[str, Any]:
    """Show a field of both in the order of the page: the profile that one came from first."""
    found = schema.find(each.path)
    values = [_shown(each.path, each.one, preview.kept), _shown(each.path, each.other, preview.gone)]
    one, other = values if preview.kept.pk == profile.pk else reversed(values)
    label = found.label if found else each.path
    return {
        "path": each.path,
        "label": label,
        "one": one,
        "other": other,
        "result": _shown(each.path, each.result, preview.result),
        "strategy": each.strategy,
    }


def _shown(path: str, value: Any, profile: Profile) -> SafeString:
    """Show what a field holds, and in words what somebody has agreed to."""
    root, name, *_ = [*paths.parse(path), ""]
    if root != "consents":
        return value_of(path, value)
    return tree(decisions.told_of(profile, at=timezone.now()).get(name))


def _merge(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Merge as the preview said."""
    if not request.user.has_perm(MAY_MERGE):
        raise PermissionDenied
    other_id = as_uuid(request.POST.get("other", ""))
    try:
        if other_id is None:
            raise by_hand.CannotMerge("Name the other profile.")
        merge = jobs.merge(profile_id, other_id, actor=audit.actor_of(request), now=timezone.now())
    except by_hand.CannotMerge as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:profile_merge", args=[profile_id]))
    undo = format_html('<a class="cdp-link" href="{}">Undo</a>', reverse("admin:profiles_merge_undo", args=[merge.pk]))
    messages.success(request, format_html("The two profiles are one now. {}", undo))
    return HttpResponseRedirect(reverse("admin:profiles_profile_change", args=[merge.kept_id]))
