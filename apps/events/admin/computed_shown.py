"""Computed traits in words: what one means, and what it says."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING, badge, link, moment, page_address, rows, tree
from apps.events.models import ComputedTrait
from apps.profiles.models import Profile


def meaning(row: ComputedTrait) -> str:
    """Say in a sentence what a trait is computed from."""
    what = " of ".join(filter(None, (row.get_function_display(), row.path)))
    types = " or ".join(row.event_types) or "events of all types"
    when = {None: "at any time", 1: "today"}.get(row.days, f"in the last {row.days} days")
    return f"{what}: {types}, {when}{f', if {row.condition}' if row.condition else ''}"


def said(function: str, value: Any) -> SafeString:
    """Show what a trait of a function says."""
    if value is None:
        return NOTHING
    match function:
        case "rfm":
            scores = badge(value["text"], "blue") if "text" in value else badge("no scores yet", "amber")
            last = moment(datetime.fromisoformat(value["last"]))
            return format_html("{} {} events, {} in all, the last at {}", scores, value["count"], value["sum"], last)
        case "first_time" | "last_time":
            return moment(datetime.fromisoformat(value))
        case "distinct":
            return format_html_join(", ", "{}", ((tree(item),) for item in value))
        case "average":
            return tree(round(value, 2))
        case _:
            return tree(value)


def values_of(profile: Profile, traits: Iterable[ComputedTrait]) -> SafeString:
    """Show all that is computed of a profile, and what has still to be counted."""
    lines = []
    for trait in traits:
        address = page_address("events_computedtrait", trait.pk)
        name = format_html('<a href="{}" title="{}">{}</a>', address, meaning(trait), trait.name)
        note = badge("being counted", "amber") if trait.version > profile.computed_version else ""
        lines.append((name, said(trait.function, profile.computed.get(trait.key)), note))
    return rows(lines)


def people(function: str, found: Iterable[tuple[Profile, Any]]) -> SafeString:
    """Show what a trait would say of some people."""
    return rows(
        (
            link("profiles_profile", profile.pk, profile),
            badge("no event counts") if value is None else said(function, value),
            f"{profile.event_count} events",
        )
        for profile, value in found
    )
