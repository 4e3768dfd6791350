from django.apps import AppConfig


class InboundConfig(AppConfig):
    name = "apps.inbound"

    def ready(self) -> None:
        from apps.inbound.bridge_kind import kinds  # models cannot be imported before the apps are ready

        kinds.discover()
