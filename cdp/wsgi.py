"""The WSGI application that granian and gunicorn serve."""

import os
import signal
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, reset_queries

from cdp import arrival
from cdp.logging import tell_of_crashes
from cdp.processes import die_with_parent, open_many_files, work_in_turns

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
if os.environ.get("CDP_SUPERVISED"):
    # A worker outlives a killed server otherwise, and goes on to hold the port.
    die_with_parent(signal.SIGTERM)

if "granian" in sys.modules:  # which serves us: this process is ours
    tell_of_crashes()
open_many_files()  # each connection is one
work_in_turns()  # threads that are started later do as this one does

serve = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # before the first request, which would have to wait


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serve a request once its body is here, and there is a place for it."""
    try:
        arrival.receive(environ)
    except arrival.Late:
        start_response("408 Request Timeout", [("Content-Length", "0"), ("Connection", "close")])
        return []
    with arrival.place(arrival.sender_of(environ)):
        return serve(environ, start_response)


# Each request looks after its connections when it ends; to do so before it as well costs the collector's requests 7 %.
request_started.disconnect(reset_queries)
request_started.disconnect(close_old_connections)
# Connections to Valkey are kept in a pool, and no request has other addresses than the rest.
request_finished.disconnect(close_caches)
request_finished.disconnect(reset_urlconf)
request_finished.connect(arrival.keep_few_connections)
