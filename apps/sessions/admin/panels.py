"""What sessions show on the pages of people."""

from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin.panels import SIDE, panel
from apps.core.admin.shown import link, moment, rows
from apps.profiles import ledger
from apps.profiles.admin.privacy import is_masked
from apps.profiles.models import Profile
from apps.sessions.models import Session

N_SESSIONS = 10


@panel(Profile, SIDE, title="Latest sessions", order=70, needs=("cdp_sessions.view_session",))
def sessions(request: HttpRequest, row: Profile) -> SafeString:
    """Show the latest sessions."""
    latest = Session.objects.filter(ledger.belonging_to(row.id)).order_by("-started_at")[:N_SESSIONS]
    lines = []
    for found in latest:
        started = link("cdp_sessions_session", found.id, moment(found.started_at))
        entry_page = "" if is_masked(row) else found.entry_page
        n_pages = "1 page" if found.page_count == 1 else f"{found.page_count} pages"
        lines.append((started, entry_page, n_pages))
    return rows(lines)
