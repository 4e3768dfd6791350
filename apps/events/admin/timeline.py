"""What happened, on the pages of people and sessions; further events follow as somebody asks for them."""

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from apps.events.models import EventType
from apps.events.store.anonymity import columns_of
from apps.events.store.timeline import Page, page_of_events, page_of_session
from apps.profiles.admin.privacy import SEES_PII, is_masked
from apps.profiles.models import Profile
from apps.sessions.models import Session

MAY_SEE = ("profiles.view_profile", "events.view_event")


def timeline_of(profile: Profile) -> SafeString:
    """Show a person's latest events, and a field that asks for those of one type."""
    page = page_of_events(profile_id=profile.id)
    _mask(page, is_masked=is_masked(profile))
    types = EventType.objects.order_by("type").values_list("type", flat=True)
    return render_to_string("events/timeline_panel.html", {"page": page, "profile_id": profile.id, "types": types})


def timeline_of_session(session: Session) -> SafeString:
    """Show the events of a session in their order."""
    page = page_of_session(session_id=session.id, profile_id=session.profile_id)
    _mask(page, is_masked=is_masked(session))
    return render_to_string("events/timeline.html", {"page": page})


def timeline_urls(site: admin.AdminSite) -> list[URLPattern]:
    """List the page of a person's further events."""
    return [path("<uuid:profile_id>/timeline/", site.admin_view(_more), name="profile_timeline")]


def _more(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Render the next events of a profile: `before` is the position, `type` the filter."""
    if not request.user.has_perms(MAY_SEE):
        raise PermissionDenied
    profile = get_object_or_404(Profile, pk=profile_id)
    type = request.GET.get("type")
    page = page_of_events(profile_id=profile.id, before=request.GET.get("before"), type=type)
    _mask(page, is_masked=not request.user.has_perm(SEES_PII))
    return render(request, "events/timeline.html", {"page": page, "profile_id": profile.id, "type": type})


def _mask(page: Page, *, is_masked: bool) -> None:
    """Leave of the events of a timeline what tells of nobody, if so."""
    for _, events in page.days if is_masked else ():
        for event in events:
            for name, value in columns_of(event).items():
                setattr(event, name, value)
