"""Long work that is no task: apps tell the page of tasks of theirs by panels in the slot UNDER_WAY."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin import panels
from apps.core.admin.shown import NOT_SHOWN
from apps.core.models import Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """What is done, on which page one sees more of it, for whom, since when, and how far it is."""

    title: str
    address: str
    requested_by: str
    began: datetime | None
    progress: SafeString


def under_way(request: HttpRequest) -> list[Work]:
    """Return what somebody may see; where one app fails, those of the others."""
    found: list[Work] = []
    for each in panels.shown(Task, panels.UNDER_WAY, request):
        try:
            found += each.panel.content(request)
        except Exception:  # one app must not take the page from all others
            logger.exception("Work could not be shown", extra={"panel": each.panel.key})
            found.append(Work(each.short_description, "", "", None, NOT_SHOWN))
    return found
