"""Pages that show addresses of ours."""

from typing import Any

from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse

from apps.core.admin.base import ModelAdmin
from apps.events.models import Redirect


class Addressed(ModelAdmin):
    """Pages that show addresses of ours, to be published."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Let each row know under which address the operator sees us: requests share everything else."""
        host = Value(f"{request.scheme}://{request.get_host()}")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(host=host)
        return rows


def click_address(host: str, link: Redirect) -> str:
    """Return where people click, to go on to where the link leads."""
    return host + reverse("redirect", args=[link.pk])
