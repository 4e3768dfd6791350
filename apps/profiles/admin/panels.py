"""What the page of a person shows of the profile itself; other apps add theirs."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core import paths
from apps.core.admin.panels import MAIN, SIDE, panel
from apps.core.admin.shown import copyable, link, moment, rows, tree
from apps.core.models import Task
from apps.profiles import ledger
from apps.profiles.admin.editing import MAY_EDIT, changes_of
from apps.profiles.admin.privacy import is_masked
from apps.profiles.admin.shown import set_by, value_of
from apps.profiles.models import Identifier, Profile
from apps.profiles.schema import FIELDS, is_empty

N_IDS = 50


@panel(Profile, MAIN, title="Set by hand", order=20)
def changes(request: HttpRequest, row: Profile) -> SafeString:
    """Show what people and programs set, and what was there before."""
    return changes_of(row, is_masked=is_masked(row), may_undo=request.user.has_perms(MAY_EDIT))


@panel(Profile, SIDE, title="Facts", order=40)
def facts(request: HttpRequest, row: Profile) -> SafeString:
    """Show the standard fields that are filled, by their names for people."""
    document = row.document
    found = ((field, paths.get(document, field.path)) for field in FIELDS.values() if field.path.startswith("data."))
    return rows(
        (field.label, value_of(field.path, value), set_by(row, field.path))
        for field, value in found
        if value is not paths.MISSING and not is_empty(value)
    )


@panel(Profile, SIDE, title="Traits", order=50)
def traits(request: HttpRequest, row: Profile) -> SafeString:
    """Show the free traits."""
    found = sorted(row.traits.items())
    return rows((name, tree(value), set_by(row, paths.join(("traits", name)))) for name, value in found)


@panel(Profile, SIDE, title="Interests", order=60)
def interests(request: HttpRequest, row: Profile) -> SafeString:
    """Show interests, the strongest first."""
    weights = {name: value for name, value in row.interests.items() if isinstance(value, int | float)}
    strongest = sorted(row.interests.items(), key=lambda item: -weights.get(item[0], 0))
    return rows((name, tree(value), "") for name, value in strongest)


@panel(Profile, SIDE, title="Ids", order=80)
def ids(request: HttpRequest, row: Profile) -> SafeString:
    """Show the ids that lead here; identifiers are hashes, and say only of which kind they are."""
    found: list[tuple[str, Any]] = [("profile", row.id)]
    if row.primary_id:
        found.append(("customer", row.primary_id))
    found += [("an old id", alias.id) for alias in row.aliases.all()[:N_IDS]]
    for identifier in Identifier.objects.filter(profile_id__in=ledger.raw_ids([row.id]))[:N_IDS]:
        shared = ", shared: it leads nowhere" if identifier.is_shared else ""
        found.append((f"hash of a {identifier.get_kind_display()}{shared}", identifier.id))
    return rows((kind, copyable(id), "") for kind, id in found)


@panel(Profile, SIDE, title="Merges", order=90)
def merges(request: HttpRequest, row: Profile) -> SafeString:
    """Link to the merges that made the profile what it is, the latest first."""
    latest = reversed(ledger.merges_of(row.id))
    return rows(
        (link("profiles_merge", found.id, moment(found.at)), found.get_reason_display(), "") for found in latest
    )


@panel(Task, SIDE, title="Privacy request", order=5, needs=("profiles.view_privacyrequest",))
def request_of(request: HttpRequest, row: Task) -> SafeString:
    """Link from the task that erases somebody to what was asked for."""
    return link("profiles_privacyrequest", row.params.get("request"), "What was asked for")
