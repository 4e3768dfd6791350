"""Events that were refused, and go through the pipeline again once whatever was wrong is fixed."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from apps.events.models import RefusedEvent
from apps.events.store import inbox


def send_again(ids: Iterable[UUID]) -> int:
    """Move refused events to the inbox, as they are now, and return their number; those cut short stay.

    They arrive when they arrived first, from whom they came. What is still wrong is refused again.
    """
    with transaction.atomic():
        rows = RefusedEvent.objects.filter(pk__in=ids).order_by("id").select_for_update()
        whole = [row for row in rows if row.is_whole]
        inbox.put([inbox.Item(row.source_id, row.dialect, row.payload, row.envelope, row.received_at) for row in whole])
        RefusedEvent.objects.filter(pk__in=[row.pk for row in whole]).delete()
    return len(whole)
