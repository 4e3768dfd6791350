"""Computed traits in words: what one means, and what it says."""

from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING, badge, link, tree
from apps.events.models import ComputedTrait
from apps.profiles.models import Profile


def meaning(row: ComputedTrait) -> str:
    """Say in a sentence what a trait is computed from."""
    what = " of ".join(filter(None, (row.get_function_display(), row.path)))
    types = " or ".join(row.event_types) or "events of all types"
    when = {None: "at any time", 1: "today"}.get(row.days, f"in the last {row.days} days")
    return f"{what}: {types}, {when}{f', if {row.condition}' if row.condition else ''}"


def said(value: Any) -> SafeString:
    """Show what a trait says: one value, several, or scores with what they are given for."""
    if isinstance(value, dict):
        text = value.get("text")
        facts = {name: item for name, item in value.items() if name != "text"}
        return format_html("{}{}", badge(text, "blue") if text else badge("no scores yet", "amber"), tree(facts))
    return tree(value)


def values_of(profile: Profile, rows: QuerySet[ComputedTrait]) -> SafeString:
    """Show all that is computed of a profile, and what has still to be counted."""
    shown = (
        (
            link("events_computedtrait", row.key, row.name),
            said(profile.computed.get(row.key)),
            badge("being counted", "amber") if row.edition > profile.computed_edition else "",
            meaning(row),
        )
        for row in rows
    )
    cells = format_html_join("", "<tr><th>{}</th><td>{} {}</td><td>{}</td></tr>", shown)
    return format_html('<table class="cdp-values">{}</table>', cells) if cells else NOTHING
