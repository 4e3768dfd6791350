"""Pages that there are not: programs are answered in their shape, people in words."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.defaults import page_not_found

from apps.collector.api import base


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer an address that there is not."""
    if request.path_info.startswith("/api/"):
        return base.not_found()
    return page_not_found(request, exception)
