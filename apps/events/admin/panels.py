"""What events show on the pages of people, sessions, merges and tasks."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.panels import HEAD, MAIN, PAGES, SIDE, UNDER_WAY, panel
from apps.core.admin.shown import badge, link
from apps.core.admin.under_way import Work
from apps.core.models import Task
from apps.events.admin.backfill_undo import MAY_UNDO, backfill_undo_urls, undo_links
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
panel(Task, PAGES)(backfill_undo_urls)


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


@panel(Task, HEAD, needs=MAY_UNDO)
def undo_backfill(request: HttpRequest, row: Task) -> str:
    """Offer to undo a run that has ended, and tell whether it was."""
    return undo_links(row)


@panel(Session, MAIN, title="What happened", order=5, needs=("events.view_event",))
def session_timeline(request: HttpRequest, row: Session) -> SafeString:
    """Show the events in their order."""
    return timeline_of_session(row)


@panel(Session, "Session", title="Source", order=15)
def source(request: HttpRequest, row: Session) -> SafeString:
    """Link to where it came in."""
    return link("events_source", row.source_id, Source.objects.filter(pk=row.source_id).first())


@panel(Task, UNDER_WAY, title="Merges", order=20, needs=("profiles.view_merge",))
def moving(request: HttpRequest) -> list[Work]:
    """Tell of the merges whose events and sessions have still to follow."""
    waiting = Merge.objects.filter(moved_at=None)
    n_waiting = waiting.count()
    if not n_waiting:
        return []
    shown = badge(f"{n_waiting:,} merge{'s' * (n_waiting > 1)}", "amber")
    address = f"{reverse('admin:profiles_merge_changelist')}?state=moving"
    oldest = waiting.order_by("at").values_list("at", flat=True).first()
    return [Work("Let events and sessions follow merged people", address, "the platform", oldest, shown)]
