"""What events show on the pages of people, sessions and merges."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.panels import HEAD, MAIN, PAGES, SIDE, panel
from apps.core.admin.shown import link
from apps.events.admin.by_hand import MAY_COMPARE, merge_urls, undo_urls
from apps.events.admin.computed_shown import values_of
from apps.events.admin.timeline import timeline_of, timeline_of_session, timeline_urls
from apps.events.models import ComputedTrait, Source
from apps.profiles.admin.ledger import MAY_MERGE
from apps.profiles.models import Merge, Profile
from apps.sessions.models import Session

panel(Profile, PAGES)(timeline_urls)
panel(Profile, PAGES)(merge_urls)
panel(Merge, PAGES)(undo_urls)


@panel(Profile, MAIN, title="Timeline", order=10, needs=("events.view_event",))
def timeline(request: HttpRequest, row: Profile) -> SafeString:
    """Show the latest events."""
    return timeline_of(row)


@panel(Profile, SIDE, title="Computed", order=30, needs=("events.view_computedtrait",))
def computed(request: HttpRequest, row: Profile) -> SafeString:
    """Show the computed traits, those that say nothing of this person included."""
    return values_of(row, ComputedTrait.objects.filter(is_enabled=True).order_by("name"))


@panel(Profile, HEAD, needs=MAY_COMPARE)
def merge(request: HttpRequest, row: Profile) -> SafeString:
    """Link to the page that compares the profile with another one, and merges them."""
    address = reverse("admin:profile_merge", args=[row.pk])
    return format_html('<a class="cdp-link" href="{}">Merge with another profile</a>', address)


@panel(Merge, HEAD, needs=(MAY_MERGE,))
def undo(request: HttpRequest, row: Merge) -> str:
    """Offer to undo a merge that stands."""
    return "" if row.undone_at else render_to_string("events/merge_head.html", {"merge": row})


@panel(Session, MAIN, title="What happened", order=5, needs=("events.view_event",))
def session_timeline(request: HttpRequest, row: Session) -> SafeString:
    """Show the events in their order."""
    return timeline_of_session(row)


@panel(Session, "Session", title="Source", order=15)
def source(request: HttpRequest, row: Session) -> SafeString:
    """Link to where it came in."""
    return link("events_source", row.source_id, Source.objects.filter(pk=row.source_id).first())
