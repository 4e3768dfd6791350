"""Background jobs of bridges: what was set aside is forgotten in the end."""

from datetime import timedelta

from django.utils import timezone

from apps.core import queues
from apps.core.jobs import job
from apps.inbound import dead_letters


@job(queue=queues.DEFAULT, every=timedelta(hours=1))
def forget_bridge_dead_letters(**_newer: object) -> str:
    """Delete dead letters of bridges that are older than they are kept. Safe to run twice."""
    return f"{dead_letters.delete_old(now=timezone.now()):,} dead letters of bridges were forgotten."
