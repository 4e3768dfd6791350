from django.apps import AppConfig


class HeartbeatsConfig(AppConfig):
    name = "apps.heartbeats"

    def ready(self) -> None:
        from apps.heartbeats.strategy import strategies  # they read models, which are not there before

        strategies.discover()
