#!/usr/bin/env python
"""Django's command line for this project."""

import os
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from cdp.logging import tell_of_crashes

ROLES = ("ingest", "rqworker", "cron", "alerts", "metrics")  # what they write is a log

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
    if sys.argv[1:2] and sys.argv[1] in ROLES:
        tell_of_crashes()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        sys.exit(2)  # 1 is what `doctor` and `status` say of what still works
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)  # whoever pressed Ctrl-C knows why it ended
