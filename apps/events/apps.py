from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EventsConfig(AppConfig):
    name = "apps.events"

    def ready(self) -> None:
        from apps.events import platform_events  # models cannot be imported before the apps are ready
        from apps.events.event_types import default_types

        platform_events.DECLARED.discover()
        default_types.load()  # which raises for a type that there is already
        post_migrate.connect(load_defaults, sender=self)


def load_defaults(**_signal: Any) -> None:
    """Bring the default event types and identification points of this version in, after each migration."""
    from apps.events.event_types import defaults  # models cannot be imported before the apps are ready
    from apps.events.resolution import identification

    defaults.load_defaults()
    identification.load_defaults()
