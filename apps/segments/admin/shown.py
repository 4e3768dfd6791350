"""Segments as people read them: how fresh one is, who is in it, why."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.shown import badge, moment, rows, tree
from apps.segments import catalogue, discretion
from apps.segments.models import Membership, Segment
from apps.segments.why import Clause, Value

KIND_COLOURS = {Segment.Kind.CONDITION: "blue", Segment.Kind.LIST: "grey", Segment.Kind.FLOW: "amber"}
TRUTHS = {True: ("true", "green"), False: ("false", "red"), None: ("unknown", "amber")}
HIDDEN = "hidden: personal data"
N_MEMBERSHIPS = 50


def kind_of(row: Segment) -> SafeString:
    """Show by what people come into it."""
    return badge(row.get_kind_display(), KIND_COLOURS[Segment.Kind(row.kind)])


def state_of(row: Segment) -> SafeString:
    """Show whether its members are those of its present meaning."""
    if not row.is_enabled:
        return badge("off")
    if row.kind == Segment.Kind.CONDITION and row.evaluated_at is None:
        return badge("being built", "amber")
    return badge("up to date", "green")


def why_link(membership: Membership, text: Any) -> SafeString:
    """Link to why somebody is in a segment, or was."""
    address = reverse("admin:segments_why", args=[membership.segment_id, membership.profile_id])
    return format_html('<a class="cdp-link" href="{}">{}</a>', address, text)


def segments_of(profile_id: Any, *, sees_all: bool) -> SafeString:
    """Show the segments that somebody is in, and those that they were in, each linked to why."""
    memberships = Membership.objects.filter(profile_id=profile_id).select_related("segment").order_by("-entered_at")
    if not sees_all:
        memberships = memberships.exclude(segment__key__in=discretion.private_keys())
    latest = sorted(memberships[:N_MEMBERSHIPS], key=lambda each: each.left_at is not None)
    lines = []
    for each in latest:
        word, at = ("until", each.left_at) if each.left_at else ("since", each.entered_at)
        since = format_html("{} {}", word, moment(at))
        lines.append((why_link(each, each.segment.name), since, each.get_entered_because_display()))
    return rows(lines)


def as_lines(clause: Clause, *, sees_all: bool) -> dict[str, Any]:
    """Return a clause as the template draws it; values are hidden from those who may not see personal data."""
    word, colour = TRUTHS[clause.truth]
    if clause.lacks_consent and clause.truth:
        colour = "amber"  # true it is, but nobody may take it for a consent
    return {
        "text": clause.text,
        "join": {"and": "all of these", "or": "any of these", "not": "not"}.get(clause.join, ""),
        "badge": badge(word, colour),
        "values": [(each.text, _value(each, sees_all=sees_all)) for each in clause.values],
        "clauses": [as_lines(below, sees_all=sees_all) for below in clause.clauses],
    }


def _value(looked_at: Value, *, sees_all: bool) -> SafeString | str:
    """Show what a part of a clause comes to, to those who may not see personal data only if it tells of nobody."""
    value = looked_at.value
    is_number = type(value) in (int, float)
    tells_of_nobody = all(
        catalogue.is_harmless(field) or (is_number and catalogue.is_figure(field)) for field in looked_at.fields
    )
    if not sees_all and not tells_of_nobody:
        return HIDDEN
    return moment(value) if isinstance(value, datetime) else tree(value)
