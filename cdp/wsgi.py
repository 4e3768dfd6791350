"""The WSGI application that granian and gunicorn serve."""

import os
import signal
from collections.abc import Iterable
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, reset_queries

from cdp.processes import die_with_parent, work_in_turns

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

BODIES = ("POST", "PUT")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
if os.environ.get("CDP_SUPERVISED"):
    # A worker outlives a killed server otherwise, and goes on to hold the port.
    die_with_parent(signal.SIGTERM)

work_in_turns()  # threads that are started later do as this one does

serve = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # before the first request, which would have to wait


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serve a request; a body of unknown length (a chunked one) is measured first: Django would read none of it."""
    if "CONTENT_LENGTH" not in environ and environ.get("wsgi.input_terminated") and environ["REQUEST_METHOD"] in BODIES:
        body = environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)
        environ["CONTENT_LENGTH"], environ["wsgi.input"] = str(len(body)), BytesIO(body)
    return serve(environ, start_response)


# Each request looks after its connections when it ends; to do so before it as well costs the collector's requests 7 %.
request_started.disconnect(reset_queries)
request_started.disconnect(close_old_connections)
# Connections to Valkey are kept in a pool, and no request has other addresses than the rest.
request_finished.disconnect(close_caches)
request_finished.disconnect(reset_urlconf)
