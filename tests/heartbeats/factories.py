"""Heartbeats, as they are when somebody has saved them long ago."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.strategy import strategies


class HeartbeatFactory(DjangoModelFactory[Heartbeat]):
    """A heartbeat on everybody, with the usual rearm, after a day of silence; it was switched on long ago."""

    class Meta:
        model = Heartbeat

    name = factory.Sequence(lambda number: f"Heartbeat {number}")
    strategy = "inactive-profile"
    wait_period = timedelta(days=1)
    rearm = factory.LazyAttribute(
        lambda made: strategies[made.strategy].rearm if made.strategy in strategies else "once"
    )

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Heartbeat:
        row = Heartbeat(**{"first_run": Heartbeat.FirstRun.ALL, **kwargs})
        definitions.save(row, now=timezone.now() - timedelta(days=1_000))
        return row
