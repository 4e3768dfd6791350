"""What bridges show on the pages of sources: whether what is to bring their events in does."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.core.admin.panels import COLUMNS, HEAD, panel
from apps.core.admin.shown import NOTHING, page_address
from apps.events.models import Source
from apps.inbound.admin import bridge_shown
from apps.inbound.bridge_status import Status, statuses
from apps.inbound.models import Bridge

SEES_BRIDGES = ("inbound.view_bridge",)
Going = dict[UUID, list[tuple[Bridge, Status]]]  # by source


@panel(Source, HEAD, order=10, needs=SEES_BRIDGES)
def bridges_above(request: HttpRequest, row: Source) -> SafeString | str:
    """Say how the bridges of a source go."""
    found = _of_sources(request).get(row.pk, [])
    if not found and row.kind != Source.Kind.BRIDGE:
        return ""
    lines = [
        (each, bridge_shown.kind_title(each), bridge_shown.state(status), status.n_waiting) for each, status in found
    ]
    may_add = request.user.has_perm("inbound.add_bridge")
    return mark_safe(render_to_string("inbound/of_source.html", {"lines": lines, "may_add": may_add}))  # noqa: S308 - the template escapes


@panel(Source, COLUMNS, title="Bridges", order=45, needs=SEES_BRIDGES)
def bridges_of(request: HttpRequest, row: Source) -> SafeString | str:
    """Show how the bridges of a source go."""
    found = _of_sources(request).get(row.pk, [])
    lines = ((page_address("inbound_bridge", each.pk), each, bridge_shown.mark(status)) for each, status in found)
    return format_html_join("", '<div><a class="cdp-link" href="{}">{}</a> {}</div>', lines) if found else NOTHING


def _of_sources(request: Any) -> Going:
    """Ask once for a page, of all sources that it may show."""
    found: Going | None = getattr(request, "bridges_of_sources", None)
    if found is None:
        rows = list(Bridge.objects.order_by("name"))
        going = statuses(rows, now=timezone.now())
        found = {}
        for row in rows:
            found.setdefault(row.source_id, []).append((row, going[row.pk]))
        request.bridges_of_sources = found
    return found
