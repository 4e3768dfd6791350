"""What is done about people in the background."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.core import queues, tasks
from apps.core.audit import Actor
from apps.core.jobs import start_task
from apps.core.tasks import Kind
from apps.profiles import erasure
from apps.profiles.models import PrivacyRequest

AT_ONCE_SECS: Final = 2.0  # for most people everything is gone within it; a worker does the rest

# One that was given up half-way would leave a person who is neither there nor gone.
tasks.register(
    Kind(erasure.TASK, "Erase a person or make them anonymous", queues.DEFAULT, erasure.step, is_cancellable=False)
)


def start_erasure(
    profile_id: UUID, *, kind: PrivacyRequest.Kind, reference: str, actor: Actor, at: datetime
) -> PrivacyRequest:
    """Begin to erase a person or make them anonymous, and finish at once what is not much; raises as `begin` does."""
    with transaction.atomic():
        request = erasure.begin(profile_id, kind=kind, reference=reference, actor=actor, at=at)
        request.task = start_task(erasure.TASK, params={"request": str(request.pk)}, requested_by=actor.name)
        request.save(update_fields=["task"])
    tasks.run(request.task.pk, secs=AT_ONCE_SECS)
    request.refresh_from_db()
    return request
