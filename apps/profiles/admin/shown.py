"""Parts that several pages of people show."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import actors
from apps.core.admin.shown import link, tree
from apps.core.ids import as_uuid
from apps.profiles import anonymity, ledger
from apps.profiles.admin.privacy import mask
from apps.profiles.models import IdentityConflict, Merge, Profile
from apps.profiles.schema import Kind, find


class SaidByEvent:
    """The column of pages whose rows say what an event said."""

    @admin.display(description="Event")
    def event(self, row: Any) -> SafeString:
        """Link to the event that said so."""
        return link("events_event", row.event_id)


def because(reason: str, row: Merge | IdentityConflict) -> str:
    """Say what said that two profiles are one person: a reason, and the kind of identifier where it was one."""
    return f"{reason}: {row.get_identifier_kind_display()}" if row.identifier_kind else reason


def value_of(path: str, value: Any) -> SafeString:
    """Show what a field holds; days and times as people write them."""
    field = find(path)
    if field and isinstance(value, str):
        if field.kind is Kind.DATE:
            return tree(formats.date_format(datetime.fromisoformat(value), "j M Y"))
        if field.kind is Kind.DATETIME:
            return tree(formats.date_format(timezone.localtime(datetime.fromisoformat(value)), "j M Y, H:i"))
    return tree(value)


def set_by(profile: Profile, path: str) -> SafeString | str:
    """Say who set a field, and on which day: a link to an event, or the person or key."""
    at, setter, *_ = profile.provenance.get(path, ("", ""))
    day = formats.date_format(datetime.fromisoformat(at), "j M Y") if at else ""
    if as_uuid(setter):
        return link("events_event", setter, day)
    if "setter_names" not in profile.__dict__:  # once for all fields of a page
        profile.__dict__["setter_names"] = actors.names_of(said[1] for said in profile.provenance.values())
    return f"{profile.__dict__['setter_names'].get(setter, setter)} {day}".strip()


def people_by_id(request: HttpRequest, raw_ids: Iterable[UUID]) -> dict[UUID, Profile]:
    """Return the people whom any ids lead to, in two statements; masked for whoever may not see personal data."""
    living = ledger.living_ids(set(raw_ids))
    found = Profile.objects.in_bulk(set(living.values()))
    for profile in found.values():
        mask(request, profile, anonymity.masked_columns_of)
    return {raw_id: found[id] for raw_id, id in living.items() if id in found}


def person(profile_id: UUID, profile: Profile | None) -> SafeString:
    """Link to a person by name, with the address behind it; by the end of the id where nobody is there any more."""
    if profile is None:
        return format_html('<span title="{}">…{}, who is no more</span>', profile_id, str(profile_id)[-6:])
    email = profile.email if profile.email and profile.email != str(profile) else ""
    shown = link("profiles_profile", profile_id, profile)
    return format_html('{} <small class="cdp-none">{}</small>', shown, email) if email else shown
