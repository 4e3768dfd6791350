"""What nodes there are, for whoever draws a flow: all of them by groups, and a page of each."""

import re
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.core.admin.base import ModelAdmin
from apps.core.mistakes import DefinitionError
from apps.flows.describing import node_pages, old_names
from apps.flows.describing.old_names import Old
from apps.flows.node import kinds

_MARKED: Final = re.compile(r"`([^`]+)`|\*([^*\n]+)\*")
_OF_DOCUMENTS: Final = re.compile(r"\[([^\]]+)\]\([\w.#-]+\)")  # links that lead nowhere in the admin


class NodePages(ModelAdmin):
    """The pages of nodes."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages."""
        view = self.admin_site.admin_view
        own = [
            path("nodes/", view(self.node_list), name="flows_nodes"),
            path("nodes/<slug:key>/", view(self.node), name="flows_node"),
        ]
        return [*own, *super().get_urls()]

    def node_list(self, request: HttpRequest) -> HttpResponse:
        """Show all nodes, or those that have the words that somebody looks for."""
        wanted = request.GET.get("q", "").strip()
        shown = {"wanted": wanted, "groups": node_pages.found(wanted), "old": list(map(_said, old_names.found(wanted)))}
        return self._rendered(request, "flows/node_list.html", "Nodes", **shown)

    def node(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show a kind of nodes."""
        try:
            page = node_pages.named(key)
        except DefinitionError as error:
            raise Http404(error.message) from None
        about = [marked(" ".join(lines.splitlines())) for lines in "\n".join(page.about).split("\n\n")]
        rows = [row._replace(told=marked(row.told)) for row in page.settings]
        shown = {"page": page, "about": about, "rows": rows, "old": old_names.leading_to(key)}
        return self._rendered(request, "flows/node.html", page.title, **shown)

    def _rendered(self, request: HttpRequest, template: str, title: str, **shown: object) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **shown}
        return render(request, template, context)


def marked(text: str) -> SafeString:
    """Escape a text of a docstring, and show `code` and *emphasis* as such."""
    parts = _MARKED.sub(lambda found: f"<code>{found[1]}</code>" if found[1] else f"<em>{found[2]}</em>", escape(text))
    return mark_safe(parts)  # noqa: S308 - it is escaped


def _said(old: Old) -> tuple[str, SafeString]:
    """Return an old name, and what it is here, with links to our nodes."""
    text = marked(_OF_DOCUMENTS.sub(r"\1", old.text))
    return old.name, mark_safe(old._replace(text=text).linked(_linked))  # noqa: S308 - it is escaped


def _linked(key: str) -> str:
    return f'<a class="cdp-link" href="{reverse("admin:flows_node", args=[key])}">{escape(kinds[key].title)}</a>'
