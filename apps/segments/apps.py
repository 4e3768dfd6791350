from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "apps.segments"

    def ready(self) -> None:
        from apps.segments import live  # models cannot be imported before the apps are ready

        live.deciders.discover()
