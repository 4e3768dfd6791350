"""The WSGI application that granian and gunicorn serve."""

import os
import signal

from django.core.wsgi import get_wsgi_application

from cdp.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
if os.environ.get("CDP_SUPERVISED"):
    # A worker outlives a killed server otherwise, and goes on to hold the port.
    die_with_parent(signal.SIGTERM)

application = get_wsgi_application()
