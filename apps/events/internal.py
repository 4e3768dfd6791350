"""The source of what the platform itself reports: there always is one, and nobody can delete it or switch it off."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from apps.events.models import Source

SOURCE_ID: Final = UUID("00000000-0000-7000-8000-000000000001")
NAME: Final = "The platform itself"


def names_of(source_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Name sources for people, the platform itself among them."""
    return {SOURCE_ID: NAME, **dict(Source.objects.filter(id__in=set(source_ids)).values_list("id", "name"))}
