from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EventsConfig(AppConfig):
    name = "apps.events"

    def ready(self) -> None:
        from apps.core import tasks  # models cannot be imported before the apps are ready
        from apps.events import backfill

        post_migrate.connect(load_default_types, sender=self)
        for kind in backfill.KINDS:
            tasks.register(kind)


def load_default_types(**_signal: Any) -> None:
    """Bring the default event types of this version into the database, after each migration."""
    from apps.events import event_types

    event_types.load_defaults()
