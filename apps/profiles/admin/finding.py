"""Finding people, for those who may see whom they find."""

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from apps.core.ids import NIL, as_uuid
from apps.core.limits import TooSlow, at_most
from apps.profiles import anonymity, ledger, search
from apps.profiles.admin.privacy import SEES_PII, is_masked, mask
from apps.profiles.models import Profile

N_FOUND = 8
FIND_SECS = 3.0


def naming(request: HttpRequest, text: str) -> Q:
    """Return what selects the people of a text; whoever may not see a name may not try it out, either."""
    if request.user.has_perm(SEES_PII):
        return search.naming(text)
    named = as_uuid(text)
    return Q(id=ledger.living_id(named) if named else NIL)


def latest(wanted: Q, *, limit: int) -> list[Profile]:
    """Return people, who was seen last first; nobody where that takes too long."""
    found = Profile.objects.filter(wanted).order_by(search.last_seen_hour().desc(), "-last_seen_at")
    try:
        with at_most(FIND_SECS):
            return list(found[:limit])
    except TooSlow:
        return []


def people(request: HttpRequest, text: str) -> list[SearchResult]:
    """Find people for the search of the sidebar, who was seen last first."""
    if not request.user.has_perm("profiles.view_profile"):
        return []
    results = []
    for row in latest(naming(request, text), limit=N_FOUND):
        mask(request, row, anonymity.masked_columns_of)
        known = row.email or row.primary_id or ""
        about = "person" if is_masked(row) or known in ("", str(row)) else known
        results.append(SearchResult(str(row), about, reverse("admin:profiles_profile_change", args=[row.pk]), "person"))
    return results
