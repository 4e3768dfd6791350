"""What was not merged, and why."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core import audit
from apps.core.admin.browser import Browser
from apps.core.admin.shown import badge, moment
from apps.events.resolution import by_hand
from apps.profiles.admin.ledger import MAY_MERGE
from apps.profiles.admin.shown import SaidByEvent, because, people_by_id, person
from apps.profiles.models import IdentityConflict


@admin.register(IdentityConflict)
class IdentityConflictAdmin(SaidByEvent, Browser):
    """Profiles that something says are one person, and that were left alone: for somebody to look at."""

    list_display = ("noted", "one", "other", "refused", "why")
    fieldsets = (("Conflict", {"fields": ("noted", "one", "other", "refused", "why", "event", "identifier_id")}),)
    keyset = ("at", "id")
    actions = ["recognise_again"]

    @admin.action(description="Let their identifiers recognise people again", permissions=["merge"])
    def recognise_again(self, request: HttpRequest, queryset: QuerySet[IdentityConflict]) -> None:
        """Take the marks off identifiers that are not those of several people."""
        actor = audit.actor_of(request)
        n_again = by_hand.recognise_again(list(queryset), actor=actor, now=timezone.now())
        self.message_user(request, f"{n_again} identifiers recognise people again.", messages.SUCCESS)

    def has_merge_permission(self, request: HttpRequest) -> bool:
        """Allow those who may merge."""
        return request.user.has_perm(MAY_MERGE)

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Find who they are."""
        people = people_by_id(request, (id for row in rows for id in (row.profile_id, row.other_id)))
        for row in rows:
            row.people = people

    @admin.display(description="First noted")
    def noted(self, row: IdentityConflict) -> SafeString:
        """Show when."""
        return moment(row.at)

    @admin.display(description="Profile")
    def one(self, row: Any) -> SafeString:
        """Link to the one."""
        return person(row.profile_id, row.people.get(row.profile_id))

    @admin.display(description="Profile")
    def other(self, row: Any) -> SafeString:
        """Link to the other."""
        return person(row.other_id, row.people.get(row.other_id))

    @admin.display(description="Not merged because")
    def refused(self, row: IdentityConflict) -> SafeString:
        """Show why not."""
        return badge(row.get_refusal_display(), "amber")

    @admin.display(description="One person by")
    def why(self, row: IdentityConflict) -> str:
        """Say what said that they are one."""
        return because(row.get_evidence_display(), row)
