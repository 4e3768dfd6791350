"""Flows and runs as people read them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING, badge, link
from apps.flows import definition
from apps.flows.changing.publishing import names_of
from apps.flows.definition import Problem
from apps.flows.models import Flow, Run
from apps.profiles.admin.privacy import SEES_PII
from apps.profiles.anonymity import masked_columns_of
from apps.profiles.models import Profile

SEES_PEOPLE: Final = "profiles.view_profile"
_AT_NODE: Final = re.compile(r"\bat ([A-Za-z0-9_-]{1,40}), by\b")
_STATES: Final = {Flow.State.OFF: "grey", Flow.State.ON: "green", Flow.State.PAUSED: "amber"}
_STATUSES: Final = {
    Run.Status.LIVE: "blue",
    Run.Status.FINISHED: "green",
    Run.Status.GOAL: "green",
    Run.Status.FAILED: "red",
    Run.Status.EXPIRED: "amber",
}


def state_of(row: Flow) -> SafeString:
    """Show whether people enter, and go on."""
    if row.version_id is None:
        return badge("never published")
    return badge(row.get_state_display().lower(), _STATES[Flow.State(row.state)])


def status_of(row: Run) -> SafeString:
    """Show how a run goes, or how it ended."""
    if row.dead_at:
        return badge("given up", "red")
    return badge(row.get_status_display().lower(), _STATUSES.get(Run.Status(row.status), "grey"))


def flow_link(row: Flow) -> SafeString:
    """Link to what is to be seen of a flow."""
    return format_html('<a class="cdp-link" href="{}">{}</a>', reverse("admin:flows_overview", args=[row.pk]), row.name)


def is_masked(user: Any) -> bool:
    """Tell whether somebody may see no personal data."""
    return not user.has_perm(SEES_PII)


def sees_people(user: Any) -> bool:
    """Tell whether somebody may see people, and all that is known of them."""
    return bool(user.has_perm(SEES_PEOPLE)) and not is_masked(user)


def people_of(user: Any, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return {id: name} of people, as somebody may see them."""
    if not user.has_perm(SEES_PEOPLE):
        return {}
    found = Profile.objects.defer("provenance", "computed_states", "computed", "aux").in_bulk([id for id in ids if id])
    for person in found.values():
        person.is_masked = is_masked(user)  # type: ignore[attr-defined]
        for name, value in masked_columns_of(person).items() if is_masked(user) else ():
            setattr(person, name, value)
    return {id: str(person) for id, person in found.items()}


def person_of(row: Run, people: Mapping[UUID, str]) -> SafeString | str:
    """Show of whom a run is, with a link."""
    if row.profile_id is None:
        return "nobody"
    name = people.get(row.profile_id)
    return link("profiles_profile", row.profile_id, name) if name else NOTHING


def title_of(row: Run, people: Mapping[UUID, str]) -> str:
    """Say what a run is: of which flow, and of whom, where somebody may see that."""
    name = people.get(row.profile_id) if row.profile_id else "nobody"
    return f"{row.flow.name}: {name}" if name else row.flow.name


def node_name(node: str, names: Mapping[str, str]) -> SafeString:
    """Show what people call a node, with its id beside it."""
    name = names.get(node, "")
    if not node:
        return NOTHING
    return format_html('{} <small class="cdp-none">{}</small>', name or "a node that is gone", node)


def names_in(row: Run) -> dict[str, str]:
    """Return what people call the nodes of the version that a run is in."""
    return names_of(row.version.definition)


def reason_of(row: Run) -> str:
    """Say why a run ended so, with nodes by their names."""
    names = names_in(row)
    return _AT_NODE.sub(lambda found: f"at {names.get(found[1]) or found[1]}, by", row.reason)


def place_of(problem: Problem, document: Any) -> str:
    """Say where a problem is, in words: of which node, and in which of its fields."""
    names = names_of(document)
    where = ""
    if problem.node:
        where = f"{names.get(problem.node, 'node')} ({problem.node})"
    elif problem.trigger:
        where = f"trigger {problem.trigger}"
    elif problem.edge:
        where = f"edge {problem.edge}"
    return ", ".join(part for part in (where, problem.field) if part) or "the whole"


def document_for(user: Any, document: Any) -> Any:
    """Return a definition as somebody may read it: conditions may name people, and are told without their values."""
    return definition.masked(document) if is_masked(user) else document
