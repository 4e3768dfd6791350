"""The admin site: everything that marketers, developers and operators look at."""

from collections.abc import Callable
from functools import wraps
from itertools import chain
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from apps.core.storable import problem_of_text

MIN_LETTERS = 2


class CdpAdminSite(UnfoldAdminSite):
    """The one admin site of the platform."""

    enable_nav_sidebar = True
    index_title = "Home"

    def get_urls(self) -> list[Any]:
        """Find what apps add to each other's pages; add what the editor of conditions asks for, on pages of several."""
        from apps.core import menu  # apps are not loaded yet when the site is made
        from apps.core.admin import base, panels
        from apps.core.admin.conditions.languages import LANGUAGES
        from apps.core.admin.conditions.views import urls

        base.check(self)
        LANGUAGES.discover()
        panels.discover(self)
        menu.check(self)
        return [path("signed-in/", never_cache(self.signed_in), name="signed_in"), *urls(self), *super().get_urls()]

    def admin_view(self, view: Any, cacheable: Any = False) -> Any:  # noqa: FBT002 - as Django has it
        """Let no view be asked with text that the database cannot hold; tell scripts of whoever is signed out so.

        A script that follows to the form of signing in gets a new token against forged requests, and a form that is
        open beside it would be refused.
        """
        asked = super().admin_view(_storable(view), cacheable)

        @wraps(asked)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if self.has_permission(request) or _wants_page(request):
                return asked(request, *args, **kwargs)
            return HttpResponse("You are signed out.", status=401, content_type="text/plain")

        return answered

    def signed_in(self, request: HttpRequest) -> HttpResponse:
        """Tell a page that has been open for long whether its form would be taken, and by which token (keep.js)."""
        if self.has_permission(request):
            return JsonResponse({"token": get_token(request)})
        return JsonResponse({"login": reverse("admin:login")})

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Answer nobody: no form of ours asks, and Django's view would name people whatever the user may see."""
        raise Http404

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Find people, and pages by their titles. Unfold's own would keep what was found in the cache."""
        from apps.profiles.admin.finding import people  # apps are not loaded yet when the site is made

        text = request.GET.get("q", "").strip()
        if len(text) < MIN_LETTERS:
            return HttpResponse()
        found = [*self._pages(request, text.lower()), *people(request, text)]
        return render(request, "core/found.html", {"found": found})

    def _pages(self, request: HttpRequest, text: str) -> list[SearchResult]:
        groups = self.get_sidebar_list(request)
        pages = chain.from_iterable(((group.get("title", ""), item) for item in group["items"]) for group in groups)
        return [
            SearchResult(item["title"], group, item["link"], item["icon"])
            for group, item in pages
            if item["has_permission"] and text in item["title"].lower()
        ]


def _wants_page(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "text/html")


def _storable(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def storable(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        told = chain.from_iterable((name, *values) for name, values in (*request.GET.lists(), *request.POST.lists()))
        named = (unquote(value) for value in kwargs.values() if isinstance(value, str))
        for text in (*told, *named):
            if problem_of_text(text):
                raise BadRequest(f"What was asked for {problem_of_text(text)}.")
        return view(request, *args, **kwargs)

    return storable
