from django.apps import AppConfig


class BridgesConfig(AppConfig):
    name = "apps.bridges"

    def ready(self) -> None:
        from apps.bridges.connection_kind import kinds  # models cannot be imported before the apps are ready
        from apps.bridges.endings import endings
        from apps.bridges.users import users

        kinds.discover()
        endings.discover()
        users.discover()
