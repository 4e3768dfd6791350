#!/usr/bin/env python
"""Django's command line for this project."""

import atexit
import gc
import os
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from cdp.logging import tell_of_crashes

ROLES = ("ingest", "rqworker", "cron", "alerts", "metrics")  # what they write is a log

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
    # What a start makes stays: to look for garbage meanwhile took an eighth of it.
    gc.set_threshold(100_000)
    # The kernel takes all memory at once. Python would first look through each object for circles: half a second of
    # each process, when all of them are stopped together.
    atexit.register(gc.freeze)
    if sys.argv[1:2] and sys.argv[1] in ROLES:
        tell_of_crashes()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        sys.exit(2)  # 1 is what `doctor` and `status` say of what still works
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)  # whoever pressed Ctrl-C knows why it ended
