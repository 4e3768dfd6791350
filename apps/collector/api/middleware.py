"""The collector's addresses, served before everything that only pages need; and their CORS headers.

A beacon has no login, no messages and no CSRF token: the middleware for those would cost more than its event does.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from rest_framework.response import Response

from apps.collector.api.base import not_found

PATHS = (
    "/track",
    "/collect/",
    "/redirect/",
    "/pixel/",
    "/v1/",
    "/beacon/v1/",
    "/customer/",
    "/consents/",
    "/healthcheck",
    "/sourceConfig",
    "/info/version",
)
URLS = "apps.collector.api.urls"
ALLOWED_METHODS = "GET,POST,PUT,DELETE,OPTIONS"
MAX_AGE_SECS = "86400"

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def collector(get_response: GetResponse) -> GetResponse:
    """Serve the collector's addresses here, and pass all others on."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PATHS):
            return get_response(request)
        origin = request.META.get("HTTP_ORIGIN")
        if origin and request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META:
            response = HttpResponse(status=204)
            # Whatever an SDK adds to its requests, in this version or its next, it would lose its events over.
            wanted = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
            response["Access-Control-Allow-Headers"] = wanted
            response["Access-Control-Allow-Methods"] = ALLOWED_METHODS
            response["Access-Control-Max-Age"] = MAX_AGE_SECS
        else:
            response = _serve(request)
        if origin:
            # Any page may send, and the source decides whether it takes it. The origin is echoed, since beacons
            # travel with credentials, and those forbid `*`.
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Credentials"] = "true"
        response["Vary"] = "Origin"
        response["Content-Length"] = str(len(response.content))
        return response

    return middleware


def _resolve(path: str) -> ResolverMatch:
    try:
        return resolve(path, URLS)
    except Resolver404:
        if not path.endswith("/"):
            raise
        return resolve(path.rstrip("/"), URLS)  # as some senders write it


def _serve(request: HttpRequest) -> HttpResponse:
    try:
        request.resolver_match = match = _resolve(request.path_info)
    except Resolver404:
        return not_found()
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response.render() if isinstance(response, Response) else response
