"""Setting fields of a person by hand, and the history of what was set."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core import audit
from apps.core.ids import as_uuid
from apps.profiles import anonymity, editing, ledger
from apps.profiles.admin.edit_form import EditForm
from apps.profiles.admin.privacy import is_masked, mask
from apps.profiles.admin.shown import value_of
from apps.profiles.models import Profile, ProfileChange
from apps.profiles.schema import find

MAY_EDIT = ("profiles.change_profile", "profiles.view_pii")
PAGE = 20


def edit_urls(site: admin.AdminSite) -> list[URLPattern]:
    """List the page by which a profile is edited, and those of its history."""

    def edit(request: HttpRequest, profile_id: UUID) -> HttpResponse:
        return _edit(request, profile_id, site.each_context(request))

    def undo(request: HttpRequest, change_id: UUID) -> HttpResponse:
        return _undo(request, change_id, site.each_context(request))

    return [
        path("<uuid:profile_id>/changes/", site.admin_view(_more_changes), name="profile_changes"),
        path("<uuid:profile_id>/edit/", site.admin_view(edit), name="profile_edit"),
        path("changes/<uuid:change_id>/undo/", site.admin_view(undo), name="profile_change_undo"),
    ]


def _edit(request: HttpRequest, profile_id: UUID, context: dict[str, Any]) -> HttpResponse:
    """Show what is known, and set what was changed."""
    if not request.user.has_perms(MAY_EDIT):
        raise PermissionDenied
    profile = get_object_or_404(Profile, pk=ledger.living_id(profile_id))
    form = EditForm(profile, request.POST if request.method == "POST" else None)
    if form.is_valid() and _is_set(profile_id, form, request):
        return HttpResponseRedirect(reverse("admin:profiles_profile_change", args=[profile_id]))
    context |= {"profile": profile, "form": form, "groups": form.groups(), "title": f"Edit {profile}"}
    return render(request, "profiles/edit_profile.html", context)


def _is_set(profile_id: UUID, form: EditForm, request: HttpRequest) -> bool:
    """Set what was changed, and say so; otherwise the form says what could not be set."""
    values = form.values
    try:
        if values:
            editing.edit(profile_id, values, actor=audit.actor_of(request), now=timezone.now())
    except editing.CannotEdit as error:
        form.add_problems(error.problems)
        return False
    except ledger.NotYet as error:
        messages.error(request, str(error))
        return False
    except Profile.DoesNotExist:
        raise Http404 from None
    n_set = f"{len(values)} fields were set." if len(values) != 1 else "One field was set."
    messages.success(request, n_set if values else "Nothing was changed.")
    return True


def _undo(request: HttpRequest, change_id: UUID, context: dict[str, Any]) -> HttpResponse:
    """Ask, and set a field to what it held before."""
    if not request.user.has_perms(MAY_EDIT):
        raise PermissionDenied
    change = get_object_or_404(ProfileChange, pk=change_id)
    profile = get_object_or_404(Profile, pk=ledger.living_id(change.profile_id))
    if request.method != "POST":
        context |= {"change": _shown(change), "profile": profile, "title": f"Undo a change of {profile}"}
        return render(request, "profiles/undo_change.html", context)
    try:
        editing.undo(change, actor=audit.actor_of(request), now=timezone.now())
    except editing.CannotEdit as error:
        messages.error(request, " ".join(message for _, message in error.problems))
    except ledger.NotYet as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is as it was before.")
    return HttpResponseRedirect(reverse("admin:profiles_profile_change", args=[change.profile_id]))


def _more_changes(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Render the next changes by hand: `before` is the last one that was shown."""
    if not request.user.has_perm("profiles.view_profile"):
        raise PermissionDenied
    profile = get_object_or_404(Profile, pk=profile_id)
    mask(request, profile, anonymity.masked_columns_of)
    before, may_undo = request.GET.get("before", ""), request.user.has_perms(MAY_EDIT)
    return HttpResponse(changes_of(profile, before=before, is_masked=is_masked(profile), may_undo=may_undo))


def changes_of(profile: Profile, *, before: str = "", is_masked: bool, may_undo: bool) -> SafeString:
    """Show what people and programs set by hand, the latest first; `before` is the last change that was shown."""
    rows = ProfileChange.objects.filter(profile_id__in=ledger.raw_ids([profile.id])).order_by("-id")
    last = as_uuid(before)
    found = list((rows.filter(id__lt=last) if last else rows)[: PAGE + 1])
    shown: list[dict[str, Any]] = []
    for row in found[:PAGE]:
        if is_masked and not anonymity.is_kept_fact(row.path):
            shown.append({"at": row.at, "who": row.actor_name, "label": "personal data", "is_masked": True})
        else:
            undo = row.pk if may_undo and editing.is_standing(row, profile) else None
            shown.append({**_shown(row), "undo": undo})
    after = found[PAGE - 1].id if len(found) > PAGE else ""
    return render_to_string("profiles/changes.html", {"changes": shown, "after": after, "profile_id": profile.id})


def _shown(row: ProfileChange) -> dict[str, Any]:
    field = find(row.path)
    before, after = value_of(row.path, row.before), value_of(row.path, row.after)
    said = {"at": row.at, "who": row.actor_name, "path": row.path, "label": field.label if field else row.path}
    return {**said, "before": before, "after": after}
