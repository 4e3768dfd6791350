"""The admin's pages of people."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import DropdownFilter

from apps.core import paths
from apps.core.admin.browser import Browser, CoarseKey
from apps.core.admin.shown import NOTHING, badge, copyable, link, moment, rows, tree
from apps.core.ids import as_uuid
from apps.events.admin.computed_shown import values_of
from apps.events.models import ComputedTrait, EventType
from apps.events.store.timeline import page_of_events
from apps.profiles import anonymity, ledger, search
from apps.profiles.admin.deciding import MAY_DECIDE, consents_of, decide_urls
from apps.profiles.admin.editing import MAY_EDIT, changes_of, edit_urls
from apps.profiles.admin.finding import naming
from apps.profiles.admin.merging import merge_urls
from apps.profiles.admin.privacy import SEES_PII, PrivacyActions, is_masked, mask, mask_page
from apps.profiles.admin.shown import set_by, value_of
from apps.profiles.models import Identifier, Profile
from apps.profiles.schema import FIELDS, is_empty
from apps.segments import discretion
from apps.segments.admin.languages import PEOPLE
from apps.segments.admin.shown import segments_of
from apps.segments.models import Membership, Segment
from apps.sessions.models import Session

N_SESSIONS = 10
N_IDS = 50
HIDDEN = mark_safe("<span>hidden: personal data</span>")


class KindFilter(admin.SimpleListFilter):
    """Known or anonymous; both have an index, or are found within few rows."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer both."""
        return [("known", "Known people"), ("anonymous", "Anonymous visitors")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        return queryset.filter(is_anonymous=self.value() == "anonymous") if self.value() else queryset


class SegmentFilter(DropdownFilter):
    """The members of one segment, by the index that keeps each in it once."""

    title = "segment"
    parameter_name = "segment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all segments to those who may see them."""
        if not request.user.has_perm("segments.view_segment"):
            return []
        hidden = frozenset() if request.user.has_perm(SEES_PII) else discretion.private_keys()
        rows = Segment.objects.exclude(key__in=hidden).order_by("name")
        return list(rows.values_list("key", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        if not self.value():
            return queryset
        if self.value() not in dict(self.lookup_choices):  # whatever the address says
            return queryset.none()
        stays = Membership.objects.filter(segment__key=self.value(), left_at=None, profile_id=OuterRef("pk"))
        return queryset.filter(Exists(stays))


@admin.register(Profile)
class ProfileAdmin(PrivacyActions, Browser):
    """People: who they are, what is known of them, and what they did."""

    list_display = ("person", "kind", "email_shown", "country", "visit_count", "event_count", "seen")
    keyset = ("last_seen_at", "id")
    coarse_key = CoarseKey(search.last_seen_hour, search.hour_of)
    list_filter = (KindFilter, SegmentFilter)
    list_filter_submit = True
    language = PEOPLE
    search_fields = ("email",)
    search_help_text = "Any part of a name, e-mail address, customer number or phone number; or the whole of any id"
    head_template = "profiles/profile_head.html"
    fieldsets = (
        ("Timeline", {"fields": ("timeline",)}),
        ("Set by hand", {"fields": ("changes_shown",)}),
        ("Consents", {"classes": ("side",), "fields": ("consents_shown",)}),
        ("Segments", {"classes": ("side",), "fields": ("segments_shown",)}),
        ("Computed", {"classes": ("side",), "fields": ("computed_shown",)}),
        ("Facts", {"classes": ("side",), "fields": ("facts",)}),
        ("Traits", {"classes": ("side",), "fields": ("free_traits",)}),
        ("Interests", {"classes": ("side",), "fields": ("interests_shown",)}),
        ("Latest sessions", {"classes": ("side",), "fields": ("sessions_shown",)}),
        ("Ids", {"classes": ("side",), "fields": ("ids_shown",)}),
        ("Merges", {"classes": ("side",), "fields": ("merges_shown",)}),
    )

    def mask(self, request: HttpRequest, row: Any) -> None:
        """Show nobody to those who may not see personal data, and note what the page may offer."""
        mask(request, row, anonymity.masked_columns_of)
        row.may_decide = request.user.has_perms(MAY_DECIDE)
        row.may_see_ledger = request.user.has_perm("profiles.view_consentdecision")
        row.may_edit = request.user.has_perms(MAY_EDIT)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        """Find people by what the user may see of them."""
        term = search_term.strip()
        return (queryset.filter(naming(request, term)) if term else queryset), False

    def get_urls(self) -> list[URLPattern]:
        """Add the further pages of timeline and changes, and those that edit and merge."""
        site = self.admin_site
        fragments = [
            path("<uuid:profile_id>/timeline/", site.admin_view(self.more_timeline), name="profile_timeline"),
            path("<uuid:profile_id>/changes/", site.admin_view(self.more_changes), name="profile_changes"),
        ]
        return [*fragments, *edit_urls(site), *decide_urls(site), *merge_urls(site), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the profile; an old id leads to the living one, for ever."""
        named = as_uuid(object_id)
        living_id = ledger.living_id(named) if named else None
        if living_id != named:
            return HttpResponseRedirect(reverse("admin:profiles_profile_change", args=[living_id]))
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def more_timeline(self, request: HttpRequest, profile_id: UUID) -> HttpResponse:
        """Render the next events of a profile: `before` is the position, `type` the filter."""
        profile = get_object_or_404(Profile, pk=profile_id)
        if not self.has_view_permission(request, profile):
            return HttpResponse(status=403)
        type = request.GET.get("type")
        page = page_of_events(profile_id=profile.id, before=request.GET.get("before"), type=type)
        mask_page(page, is_masked=not request.user.has_perm(SEES_PII))
        return render(request, "events/timeline.html", {"page": page, "profile_id": profile.id, "type": type})

    def more_changes(self, request: HttpRequest, profile_id: UUID) -> HttpResponse:
        """Render the next changes by hand: `before` is the last one that was shown."""
        profile = get_object_or_404(Profile, pk=profile_id)
        if not self.has_view_permission(request, profile):
            return HttpResponse(status=403)
        self.mask(request, profile)
        before, may_undo = request.GET.get("before", ""), request.user.has_perms(MAY_EDIT)
        return HttpResponse(changes_of(profile, before=before, is_masked=is_masked(profile), may_undo=may_undo))

    @admin.display(description="Person")
    def person(self, row: Profile) -> str:
        """Show the best name that there is."""
        return str(row)

    @admin.display(description="E-mail")
    def email_shown(self, row: Profile) -> SafeString | str:
        """Show the main address, or that it is not for everybody."""
        return badge("hidden") if is_masked(row) else row.email or NOTHING

    @admin.display(description="Kind")
    def kind(self, row: Profile) -> SafeString:
        """Show whether somebody is known."""
        return badge("anonymous") if row.is_anonymous else badge("known", "green")

    @admin.display(description="Last seen")
    def seen(self, row: Profile) -> SafeString:
        """Show the time of the latest event."""
        return moment(row.last_seen_at)

    @admin.display(description="Timeline")
    def timeline(self, row: Profile) -> SafeString:
        """Show the latest events."""
        page = page_of_events(profile_id=row.id)
        mask_page(page, is_masked=is_masked(row))
        types = EventType.objects.order_by("type").values_list("type", flat=True)
        return render_to_string("events/timeline_panel.html", {"page": page, "profile_id": row.id, "types": types})

    @admin.display(description="Set by hand")
    def changes_shown(self, row: Any) -> SafeString:
        """Show what people and programs set, and what was there before."""
        return changes_of(row, is_masked=is_masked(row), may_undo=row.may_edit)

    @admin.display(description="Facts")
    def facts(self, row: Profile) -> SafeString:
        """Show the standard fields that are filled, by their names for people."""
        document = row.document
        found = (
            (field, paths.get(document, field.path)) for field in FIELDS.values() if field.path.startswith("data.")
        )
        return rows(
            (field.label, value_of(field.path, value), set_by(row, field.path))
            for field, value in found
            if value is not paths.MISSING and not is_empty(value)
        )

    @admin.display(description="Traits")
    def free_traits(self, row: Profile) -> SafeString:
        """Show the free traits."""
        traits = sorted(row.traits.items())
        return rows((name, tree(value), set_by(row, paths.join(("traits", name)))) for name, value in traits)

    @admin.display(description="Interests")
    def interests_shown(self, row: Profile) -> SafeString:
        """Show interests, the strongest first."""
        strongest = sorted(row.interests.items(), key=lambda item: -_weight(item[1]))
        return rows((name, tree(value), "") for name, value in strongest)

    @admin.display(description="Consents")
    def consents_shown(self, row: Profile) -> SafeString:
        """Show what the person has agreed to."""
        return HIDDEN if is_masked(row) else consents_of(row)

    @admin.display(description="From events")
    def computed_shown(self, row: Profile) -> SafeString:
        """Show the computed traits, those that say nothing of this person included."""
        return values_of(row, ComputedTrait.objects.filter(is_enabled=True).order_by("name"))

    @admin.display(description="Segments")
    def segments_shown(self, row: Profile) -> SafeString:
        """Show what the person belongs to, and did."""
        return segments_of(row.id, sees_all=not is_masked(row))

    @admin.display(description="Ids")
    def ids_shown(self, row: Profile) -> SafeString:
        """Show the ids that lead here; identifiers are hashes, and say only of which kind they are."""
        own = [(copyable(row.id), "profile"), *([(copyable(row.primary_id), "customer")] if row.primary_id else [])]
        aliases = [(copyable(alias.id), "an old id") for alias in row.aliases.all()[:N_IDS]]
        identifiers = Identifier.objects.filter(profile_id__in=ledger.raw_ids([row.id]))[:N_IDS]
        hashes = [(copyable(found.id), _hash_of(found)) for found in identifiers]
        return rows((kind, shown, "") for shown, kind in (*own, *aliases, *hashes))

    @admin.display(description="Merges")
    def merges_shown(self, row: Profile) -> SafeString:
        """Link to the merges that made the profile what it is, the latest first."""
        merges = reversed(ledger.merges_of(row.id))
        return rows(
            (link("profiles_merge", found.id, moment(found.at)), found.get_reason_display(), "") for found in merges
        )

    @admin.display(description="Latest sessions")
    def sessions_shown(self, row: Profile) -> SafeString:
        """Show the latest sessions."""
        latest = Session.objects.filter(ledger.belonging_to(row.id)).order_by("-started_at")[:N_SESSIONS]
        return rows(
            (
                link("cdp_sessions_session", found.id, moment(found.started_at)),
                "" if is_masked(row) else found.entry_page,
                _pages(found.page_count),
            )
            for found in latest
        )


def _hash_of(found: Identifier) -> str:
    return f"hash of a {found.get_kind_display()}{', shared: it leads nowhere' if found.is_shared else ''}"


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _weight(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
