"""The admin's list of people, and the frame of their pages; panels.py and other apps have what stands in it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser, CoarseKey
from apps.core.admin.panels import COLUMNS, FILTERS, HEAD, MAIN, PAGES, SIDE
from apps.core.admin.shown import NOTHING, badge, moment
from apps.core.ids import as_uuid
from apps.profiles import anonymity, ledger, search
from apps.profiles.admin.editing import edit_urls
from apps.profiles.admin.finding import naming
from apps.profiles.admin.privacy import PrivacyActions, is_masked, mask
from apps.profiles.models import Profile


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

    slots = (MAIN, SIDE, HEAD, COLUMNS, FILTERS, PAGES)
    list_display = ("person", "kind", "email_shown", "country", "visit_count", "event_count", "seen")
    keyset = ("last_seen_at", "id")
    coarse_key = CoarseKey(search.last_seen_hour, search.hour_of)
    list_filter = (KindFilter,)
    list_filter_submit = True
    language = "people"
    search_fields = ("email",)
    search_help_text = "Any part of a name, e-mail address, customer number or phone number; or the whole of any id"
    head_template = "profiles/profile_head.html"

    def mask(self, request: HttpRequest, row: Any) -> None:
        """Show nobody to those who may not see personal data."""
        mask(request, row, anonymity.masked_columns_of)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        """Find people by what the user may see of them."""
        term = search_term.strip()
        return (queryset.filter(naming(request, term)) if term else queryset), False

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that edit."""
        return [*edit_urls(self.admin_site), *super().get_urls()]

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
