"""Where a flow is drawn: the page of the editor."""

from typing import Any, Final
from uuid import UUID

from csp.constants import NONCE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.flows.admin.editor_build import built
from apps.flows.admin.flow_page import PUBLISHES, FlowPage
from apps.flows.admin.shown import sees_people
from apps.flows.models import Flow

# Stricter than the admin's own, whose theme evaluates attributes: here is none of its scripts, and of its styles in the
# page only that of its colours, by its nonce.
POLICY: Final = {"script-src": [SELF], "style-src": [SELF, NONCE], "connect-src": [SELF]}
_ID: Final = "{id}"  # stands in addresses for what the editor puts there


class EditorPages(FlowPage):
    """Drawing a flow."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view
        return [path("<uuid:flow_id>/editor/", view(self.editor), name="flows_editor"), *super().get_urls()]

    @method_decorator(csp_replace(POLICY))
    def editor(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Show the editor; whoever may not change flows looks at the drawing."""
        row = self.found(request, flow_id)
        get_token(request)  # its cookie, by which the editor is known to the API
        context = {
            **self.admin_site.each_context(request),
            "title": row.name,
            "flow": row,
            "may_change": self.has_change_permission(request, row),
            "bundle": built(),
            "boot": self._boot(request, row),
        }
        return render(request, "flows/editor.html", context)

    def _boot(self, request: HttpRequest, row: Flow) -> dict[str, Any]:
        """Tell the editor what it cannot know: frontend/src/boot.ts has the shape."""
        user = request.user
        may_see = sees_people(user)
        return {
            "flow": {"id": str(row.pk), "key": row.key, "name": row.name, "kind": row.kind},
            "api": reverse("api-flows").removesuffix("flows"),
            "csrfCookie": settings.CSRF_COOKIE_NAME,
            "user": {"id": str(user.pk), "name": user.get_username()},
            "may": {
                "change": self.has_change_permission(request, row),
                "publish": user.has_perm(PUBLISHES),
                "seePeople": may_see,
                "seeRuns": may_see and user.has_perm("flows.view_run"),
                "changeRuns": may_see and user.has_perm("flows.change_run"),
            },
            "pages": {
                "signIn": reverse("admin:login"),
                "flow": reverse("admin:flows_overview", args=[row.pk]),
                "flows": reverse("admin:flows_flow_changelist"),
                "form": reverse("admin:flows_flow_change", args=[row.pk]),
                "person": _page_of("profiles_profile_change"),
                "run": _page_of("flows_run_change"),
                "flowByKey": f"{reverse('admin:flows_flow_changelist')}?q={_ID}",
            },
        }

    @admin.display(description="Drawing")
    def drawing(self, row: Flow) -> SafeString:
        """Link to where it is drawn."""
        return format_html('<a class="cdp-link" href="{}">Draw</a>', reverse("admin:flows_editor", args=[row.pk]))


def _page_of(page: str) -> str:
    return reverse(f"admin:{page}", args=["0"]).replace("/0/", f"/{_ID}/")
