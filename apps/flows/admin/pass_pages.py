"""Going through everybody at once, where a flow is over everybody."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.core.admin.shown import page_address
from apps.core.audit import actor_of
from apps.flows import segmenting
from apps.flows.admin.flow_page import PUBLISHES, FlowPage
from apps.flows.changing.publishing import NotNow


class PassPages(FlowPage):
    """Who goes through now."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the button."""
        view = self.admin_site.admin_view(require_POST(self.pass_now))
        return [path("<uuid:flow_id>/pass-now/", view, name="flows_pass_now"), *super().get_urls()]

    def pass_now(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Go through everybody, and lead to the task that does."""
        row = self.found(request, flow_id, PUBLISHES)
        try:
            task = segmenting.begin_now(row.pk, actor=actor_of(request), now=timezone.now())
        except NotNow as error:
            self.message_user(request, str(error), messages.ERROR)
            return self.lead_to(row)
        self.message_user(request, f"Everybody goes through {row}, page by page.", messages.SUCCESS)
        return HttpResponseRedirect(page_address("core_task", task.pk))
