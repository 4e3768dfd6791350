"""Heartbeats, as they are when somebody has saved them long ago."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat


class HeartbeatFactory(DjangoModelFactory[Heartbeat]):
    """A heartbeat that says of everybody once when they are inactive for a day, and was switched on long ago."""

    class Meta:
        model = Heartbeat

    name = factory.Sequence(lambda number: f"Heartbeat {number}")
    strategy = "inactive-profile"
    wait_period = timedelta(days=1)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Heartbeat:
        row = Heartbeat(**{"first_run": Heartbeat.FirstRun.ALL, **kwargs})
        definitions.save(row, now=timezone.now() - timedelta(days=1_000))
        return row
