"""Each request has an id, which stands in all that is logged of it, and is counted with the time that it took."""

import os
import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from itertools import count
from time import perf_counter
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.log import log_response

from apps.core import metrics
from cdp import logging

HEADER: Final = "X-Request-ID"
# What proxies make: hex digits, UUIDs and the like. Anything else may hold what nobody should find in a log.
_ID: Final = re.compile(r"[0-9A-Za-z-]{8,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATUSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx")

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def watched(get_response: GetResponse) -> GetResponse:
    """Give each request its id, the one that a proxy gave it or a new one, and count it; outside of all else."""

    # A number behind what no other process has: to ask the kernel for each id takes longer than all else here.
    ours, numbers = f"{secrets.token_hex(8)}-{os.getpid():x}", count(1)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began_at = perf_counter()
        request_id = request.META.get("HTTP_X_REQUEST_ID")
        if request_id is None or not _ID.fullmatch(request_id):
            request_id = f"{ours}-{next(numbers):x}"
        with logging.about(request_id=request_id):
            response = get_response(request)
            if response.status_code >= HTTPStatus.BAD_REQUEST:  # Django would say so as well, where the id is forgotten
                log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)  # type: ignore[arg-type]
        response[HEADER] = request_id
        method = request.method if request.method in _METHODS else "other"
        status = _STATUSES[response.status_code // 100 - 1]
        metrics.observe(metrics.REQUESTS, perf_counter() - began_at, _endpoint_of(request), method, status)
        return response

    return middleware


def _endpoint_of(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return "other"
    return match.namespaces[0] if match.namespaces else match.view_name
