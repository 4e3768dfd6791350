"""What every page of the admin says above its content while jobs wait for nobody.

A page asks for it once it is there, so that none is slower for it, and again now and then while it stays open.
"""

import threading
import time
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError

from apps.collector.health import VALKEY_AWAY, Finding, queue_findings
from apps.core import queue_state
from apps.core.memory import Memory

SEES_QUEUES: Final = "django_rq.admin"
KEPT_SECS: Final = 5.0


class _Findings(Memory):
    """What was found last, for all who look within seconds; only one of them asks Valkey, which may be away."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._until = 0.0
        self._found: list[Finding] = []

    def forget(self) -> None:
        self._until = 0.0

    def read(self) -> list[Finding]:
        with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._found = list(queue_findings(queue_state.read()))
                except (RedisError, OSError):
                    self._found = [VALKEY_AWAY]
                self._until = time.monotonic() + KEPT_SECS
            return self._found


_findings: Final = _Findings()


def shown(request: HttpRequest) -> HttpResponse:
    """Render what is wrong with the queues; nothing when all is well."""
    if not request.user.has_perm(SEES_QUEUES):
        raise PermissionDenied
    return render(request, "console/queue_warning.html", {"findings": _findings.read()})
