"""Runs that wait for a delivery go on when it has ended."""

from collections.abc import Sequence

from apps.bridges.endings import endings
from apps.bridges.models import Delivery
from apps.flows import jobs
from apps.flows.models import Wait
from apps.flows.runs import leaving


def tell(deliveries: Sequence[Delivery]) -> None:
    """Tell runs what became of their deliveries, in the transaction that writes it."""
    said = {str(row.pk): leaving.said_of(row) for row in deliveries}
    if leaving.tell(Wait.Kind.DELIVERY, said, now=max(row.ended_at or row.created_at for row in deliveries)):
        jobs.wake()


endings.register(leaving.ORIGIN, tell)
