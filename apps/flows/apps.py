from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "apps.flows"

    def ready(self) -> None:
        from apps.flows import node  # they read models, which are not there before

        node.discover()
