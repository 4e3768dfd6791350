"""What people agreed to, on their pages: a decision goes through the pipeline, whoever records it."""

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from apps.collector.admin.consent_decisions import MAY_DECIDE, consents_of, decide_urls
from apps.core.admin.panels import PAGES, SIDE, panel
from apps.profiles.admin.privacy import is_masked
from apps.profiles.models import Profile

HIDDEN = mark_safe("<span>hidden: personal data</span>")

panel(Profile, PAGES)(decide_urls)


@panel(Profile, SIDE, title="Consents", order=10)
def consents(request: HttpRequest, row: Profile) -> SafeString:
    """Show what the person has agreed to."""
    if is_masked(row):
        return HIDDEN
    may_see_ledger = request.user.has_perm("profiles.view_consentdecision")
    return consents_of(row, may_decide=request.user.has_perms(MAY_DECIDE), may_see_ledger=may_see_ledger)
