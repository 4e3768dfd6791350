"""The ledger of merges."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import actors
from apps.core.admin.browser import Browser
from apps.core.admin.panels import HEAD, PAGES
from apps.core.admin.shown import badge, moment, tree
from apps.core.ids import as_uuid
from apps.profiles import anonymity, decisions, ledger, merging
from apps.profiles.admin.privacy import is_masked, mask
from apps.profiles.admin.shown import SaidByEvent, because, person
from apps.profiles.models import Merge, Profile

MAY_MERGE = "profiles.merge_profile"


class StateFilter(admin.SimpleListFilter):
    """What a person has separated, and what is still moved; each has an index."""

    title = "state"
    parameter_name = "state"
    states = {"separated": ~Q(undone_by=""), "moving": Q(moved_at=None)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer both."""
        return [("separated", "Undone by a person"), ("moving", "Events still on their way")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Merge]) -> QuerySet[Merge]:
        """Narrow the list."""
        wanted = self.states.get(self.value() or "")
        return queryset.filter(wanted) if wanted else queryset


@admin.register(Merge)
class MergeAdmin(SaidByEvent, Browser):
    """What was merged, why, and what both were before; a merge can be undone from its page."""

    slots = (HEAD, PAGES)
    list_display = ("happened", "kept", "merged", "why", "who", "state")
    list_filter = (StateFilter,)
    search_fields = ("kept_id",)
    search_help_text = "A profile's id, old or new: the whole of it"
    fieldsets = (
        ("What the one was before that was kept", {"fields": ("kept_tree",)}),
        ("What the one was that was merged into it", {"fields": ("merged_tree",)}),
        (
            "Merge",
            {
                "classes": ("side",),
                "fields": ("happened", "kept", "merged", "why", "event", "who", "state", "undone"),
            },
        ),
        ("Ids", {"classes": ("side",), "fields": ("id", "kept_via", "merged_via", "identifier_id")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Merge], search_term: str
    ) -> tuple[QuerySet[Merge], bool]:
        """Find the merges of a profile, by any of its ids."""
        named = as_uuid(search_term.strip())
        if named is None:
            return (queryset.none() if search_term.strip() else queryset), False
        own = ledger.raw_ids([ledger.living_id(named)])
        return queryset.filter(Q(kept_id__in=own) | Q(merged_id__in=own)), False

    def mask(self, request: HttpRequest, row: Merge) -> None:
        """Keep what both were from those who may not see personal data."""
        mask(request, row, lambda _: {"kept_before": {}, "merged_before": {}})

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Read who both were, and who decided."""
        names = actors.names_of(key for row in rows for key in (row.actor, row.undone_by))
        for row in rows:
            row.names = names
            row.kept, row.merged = both_of(request, row)

    @admin.display(description="When")
    def happened(self, row: Merge) -> SafeString:
        """Show when."""
        return moment(row.at)

    @admin.display(description="Kept")
    def kept(self, row: Any) -> SafeString:
        """Link to the profile that was kept, by the name that it had."""
        return person(row.kept_id, row.kept)

    @admin.display(description="Merged into it")
    def merged(self, row: Any) -> SafeString:
        """Link to where the profile that went leads now, by the name that it had."""
        return person(row.merged_id, row.merged)

    @admin.display(description="Because of")
    def why(self, row: Merge) -> str:
        """Say what said that they are one."""
        return because(row.get_reason_display(), row)

    @admin.display(description="By")
    def who(self, row: Any) -> str:
        """Say who decided."""
        return row.names.get(row.actor, row.actor) or "the platform"

    @admin.display(description="State")
    def state(self, row: Merge) -> SafeString:
        """Show whether it stands."""
        if row.moved_at is None:
            return badge("events on their way", "blue")
        return badge("undone", "amber") if row.undone_at else badge("standing", "green")

    @admin.display(description="Undone")
    def undone(self, row: Any) -> SafeString:
        """Show when it was undone, and by whom."""
        by = row.names.get(row.undone_by, row.undone_by) or (
            "the undoing of an older merge; it was merged again" if row.undone_at else ""
        )
        return format_html("{} {}", moment(row.undone_at), by) if row.undone_at else badge("no")

    @admin.display(description="The one that was kept")
    def kept_tree(self, row: Any) -> SafeString:
        """Show what it was."""
        return tree(_facts(row.kept_before, row.kept, at=row.at))

    @admin.display(description="The one that was merged")
    def merged_tree(self, row: Any) -> SafeString:
        """Show what it was."""
        return tree(_facts(row.merged_before, row.merged, at=row.at))


def both_of(request: HttpRequest, merge: Merge) -> tuple[Profile, Profile]:
    """Return both profiles as they were before a merge; masked for whoever may not see personal data."""
    both = merging.profile_of(merge.kept_before), merging.profile_of(merge.merged_before)
    for profile in both:
        mask(request, profile, anonymity.masked_columns_of)
    return both


def _facts(image: dict[str, Any], profile: Profile, *, at: datetime) -> dict[str, Any]:
    """Return what the page shows of an image; `profile` is the same, masked where it has to be."""
    if is_masked(profile):
        image = image | anonymity.masked_columns_of(profile)
    consents = decisions.told_of(profile, at=at)
    kept = {name: value for name, value in image.items() if value and name not in ("provenance", "computed_states")}
    return kept | {"consents": consents} if consents else kept
