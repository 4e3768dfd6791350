from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from apps.core.queues import QueueName


class EventsConfig(AppConfig):
    name = "apps.events"

    def ready(self) -> None:
        from apps.core import tasks  # models cannot be imported before the apps are ready
        from apps.core.tasks import Kind
        from apps.events.computed_traits import recomputing
        from apps.events.event_types import backfill

        post_migrate.connect(load_defaults, sender=self)
        for kind in (*backfill.KINDS, Kind(recomputing.KIND, "Compute traits", QueueName.DEFAULT, recomputing.step)):
            tasks.register(kind)


def load_defaults(**_signal: Any) -> None:
    """Bring the default event types and identification points of this version in, after each migration."""
    from apps.events.event_types import defaults  # models cannot be imported before the apps are ready
    from apps.events.resolution import identification

    defaults.load_defaults()
    identification.load_defaults()
