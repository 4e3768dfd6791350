from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "apps.alerts"

    def ready(self) -> None:
        from apps.alerts.delivery import channel_kinds  # models cannot be imported before the apps are ready
        from apps.alerts.symptoms import kinds

        kinds.discover()
        channel_kinds.discover()
