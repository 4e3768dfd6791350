"""A person's page, and the list of all people."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.shown import NOTHING, badge, link, moment, tree
from apps.core.ids import NIL, as_uuid
from apps.events.anonymity import columns_of as event_columns
from apps.events.timeline import Page, page_of_events
from apps.profiles import anonymity, identity, ledger
from apps.profiles.admin.merging import merge_urls
from apps.profiles.admin.privacy import SEES_PII, PrivacyActions, mask
from apps.profiles.models import Identifier, Profile
from apps.sessions.models import Session

N_SESSIONS = 10


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


@admin.register(Profile)
class ProfileAdmin(PrivacyActions, Browser):
    """People: who they are, what is known of them, and what they did."""

    list_display = ("person", "kind", "email", "country", "visit_count", "event_count", "seen")
    list_filter = (KindFilter,)
    search_fields = ("email",)
    search_help_text = (
        "E-mail, phone, customer number, user or anonymous id, a profile's id, old or new: the whole of it"
    )
    change_form_outer_before_template = "admin/cdp/profile_head.html"
    change_form_after_template = "admin/cdp/timeline.html"
    fieldsets = (
        ("What is known", {"fields": ("facts", "free_traits", "interests_shown", "consents_shown")}),
        ("Who said so, and when", {"classes": ("tab",), "fields": ("sources_shown",)}),
        ("Ids", {"classes": ("tab",), "fields": ("id", "primary_id", "ids_shown", "merges_shown")}),
        ("Sessions", {"classes": ("tab",), "fields": ("sessions_shown",)}),
        ("Times", {"classes": ("tab",), "fields": ("first_seen_at", "last_seen_at", "created_at", "updated_at")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Name all fields, those that are computed included."""
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def mask(self, request: HttpRequest, row: Profile) -> None:
        """Show nobody to those who may not see personal data."""
        mask(request, row, anonymity.columns_of)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        """Find a person by any id: each of them has an index, and none is searched for in part."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if not request.user.has_perm(SEES_PII):  # whoever may not see a name may not try it out
            named = as_uuid(term)
            return queryset.filter(id=ledger.living_id(named) if named else NIL), False
        found = Q(email=term.lower()) | Q(primary_id=term)
        return queryset.filter(found | Q(id__in=identity.named(term))), False

    def get_urls(self) -> list[URLPattern]:
        """Add the timeline's further pages, and those that merge."""
        own = path("<uuid:profile_id>/timeline/", self.admin_site.admin_view(self.timeline), name="profile_timeline")
        return [own, *merge_urls(self.admin_site), *super().get_urls()]

    def timeline(self, request: HttpRequest, profile_id: UUID) -> HttpResponse:
        """Render the next events of a profile: `before` is the position, `type` the filter."""
        profile = get_object_or_404(Profile, pk=profile_id)
        if not self.has_view_permission(request, profile):
            return HttpResponse(status=403)
        page = page_of_events(profile_id=profile.id, before=request.GET.get("before"), type=request.GET.get("type"))
        _mask_page(request, page)
        return render(request, "admin/cdp/timeline_events.html", {"page": page, "profile_id": profile.id})

    @admin.display(description="Person")
    def person(self, row: Profile) -> str:
        """Show the best name that there is."""
        return row.name or row.primary_id or f"Visitor {str(row.id)[-6:]}"

    @admin.display(description="Kind")
    def kind(self, row: Profile) -> SafeString:
        """Show whether somebody is known."""
        return badge("anonymous") if row.is_anonymous else badge("known", "green")

    @admin.display(description="Last seen")
    def seen(self, row: Profile) -> SafeString:
        """Show the time of the latest event."""
        return moment(row.last_seen_at)

    @admin.display(description="Facts")
    def facts(self, row: Profile) -> SafeString:
        """Show the standard fields that are filled."""
        return tree(row.data)

    @admin.display(description="Traits")
    def free_traits(self, row: Profile) -> SafeString:
        """Show the free traits."""
        return tree(row.traits)

    @admin.display(description="Interests")
    def interests_shown(self, row: Profile) -> SafeString:
        """Show interests, the strongest first."""
        return tree(dict(sorted(row.interests.items(), key=lambda item: -_weight(item[1]))))

    @admin.display(description="Consents")
    def consents_shown(self, row: Profile) -> SafeString:
        """Show what the person has agreed to."""
        return tree(row.consents)

    @admin.display(description="Fields")
    def sources_shown(self, row: Profile) -> SafeString:
        """Show each field with the time and the event that set it, the newest first."""
        newest = sorted(row.provenance.items(), key=lambda item: item[1][0], reverse=True)
        rows = ((name, said[0][:19].replace("T", " "), _setter(said[1])) for name, said in newest)
        return format_html_join("", '<dl class="cdp-tree"><dt>{}</dt><dd>{} · {}</dd></dl>', rows) or NOTHING

    @admin.display(description="Known as")
    def ids_shown(self, row: Profile) -> SafeString:
        """Show the other ids that lead here; identifiers are hashes, and say only of which kind they are."""
        aliases = ((alias.id, "an old id") for alias in row.aliases.all()[:50])
        own = Identifier.objects.filter(profile_id__in=ledger.raw_ids([row.id]))[:50]
        identifiers = ((found.id, _kind(found)) for found in own)
        rows = [*aliases, *identifiers]
        return format_html_join("", '<dl class="cdp-tree"><dt>{}</dt><dd>{}</dd></dl>', rows) or NOTHING

    @admin.display(description="Merges")
    def merges_shown(self, row: Profile) -> SafeString:
        """Link to the merges that made the profile what it is, the latest first."""
        merges = reversed(ledger.merges_of(row.id))
        rows = ((link("profiles_merge", found.id, moment(found.at)), found.get_reason_display()) for found in merges)
        return format_html_join("", '<dl class="cdp-tree"><dt>{}</dt><dd>{}</dd></dl>', rows) or NOTHING

    @admin.display(description="Latest sessions")
    def sessions_shown(self, row: Profile) -> SafeString:
        """Show the latest sessions."""
        latest = Session.objects.filter(ledger.belonging_to(row.id)).order_by("-started_at")[:N_SESSIONS]
        rows = (
            (
                link("cdp_sessions_session", found.id, moment(found.started_at)),
                found.page_count,
                "" if row.is_masked else found.entry_page,  # type: ignore[attr-defined]  # see `mask`
            )
            for found in latest
        )
        return format_html_join("", '<dl class="cdp-tree"><dt>{}</dt><dd>{} pages {}</dd></dl>', rows) or NOTHING

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Hand the first page of the timeline to the template."""
        profile_id = as_uuid(object_id)
        living_id = ledger.living_id(profile_id) if profile_id else None
        if living_id != profile_id:  # an old id resolves for ever
            return HttpResponseRedirect(reverse("admin:profiles_profile_change", args=[living_id]))
        page = page_of_events(profile_id=profile_id) if profile_id else None
        if page:
            _mask_page(request, page)
        extra = {"page": page, "profile_id": profile_id}
        response: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return response


def _mask_page(request: HttpRequest, page: Page) -> None:
    for _, events in page.days:
        for event in events:
            mask(request, event, event_columns)


def _setter(setter: str) -> SafeString | str:
    """Show who set a field: an event, or a person or key."""
    return link("events_event", setter, "event") if as_uuid(setter) else setter


def _kind(found: Identifier) -> str:
    return f"{found.get_kind_display()}{', shared: it leads nowhere any more' if found.is_shared else ''}"


def _weight(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
